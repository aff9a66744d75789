using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Coord.Transport.Connections;
using Coord.Transport.Discovery;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Transport.Tests.Discovery;

/// <summary>Clusters whose members stand in DNS; and the questions and answers on the wire.</summary>
public sealed class DnsTests
{
    [Fact]
    public async Task Members_are_the_records_and_a_node_finds_itself_by_where_they_lead()
    {
        FakeNames names = new();
        names.Services["_etcd-server-ssl._tcp.example.com"] =
            [new("a.example.com", 2380), new("b.example.com.", 2380), new("c.example.com", 2381)];
        for (int i = 1; i <= 3; i++)
            names.Hosts[$"{(char)('a' + i - 1)}.example.com"] = [IPAddress.Parse($"10.0.0.{i}")];

        BootstrapResult[] results =
        [
            await new DnsServiceBootstrap("example.com", names).FindAsync(new("n1", "https://10.0.0.1:2380"), default),
            await new DnsServiceBootstrap("example.com.", names)
                .FindAsync(new("n2", "https://b.example.com:2380"), default),
            await new DnsServiceBootstrap("example.com", names).FindAsync(new("n3", "https://10.0.0.3:2381"), default),
        ];
        Assert.Single(results.Select(result => result.ClusterId).Distinct());
        Assert.Equal(3, results.Select(result => result.NodeId).Distinct().Count());
        Assert.Equal(
            ["https://a.example.com:2380", "https://b.example.com:2380", "https://c.example.com:2381"],
            results[0].Members.SelectMany(member => member.PeerUrls));
    }

    [Fact]
    public async Task A_suffix_names_another_service_and_a_stranger_is_told_where_the_records_lead()
    {
        FakeNames names = new();
        names.Services["_etcd-server-blue._tcp.example.com"] = [new("a.example.com", 2380)];
        names.Hosts["a.example.com"] = [IPAddress.Parse("10.0.0.1")];
        DnsServiceBootstrap blue = new("example.com", names) { ServiceSuffix = "blue" };
        Assert.Single((await blue.FindAsync(new("n1", "http://10.0.0.1:2380"), default)).Members);

        BootstrapException other = await Assert.ThrowsAsync<BootstrapException>(async () =>
            await blue.FindAsync(new("n9", "http://10.0.0.9:2380"), default));
        Assert.Contains("lead to http://a.example.com:2380", other.Message, StringComparison.Ordinal);
        BootstrapException none = await Assert.ThrowsAsync<BootstrapException>(async () =>
            await new DnsServiceBootstrap("example.org", names).FindAsync(new("n9", "http://10.0.0.9:2380"), default));
        Assert.Contains("There are no records of _etcd-server-ssl._tcp.example.org", none.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_addresses_behind_a_name_are_the_cluster_once_they_are_as_many_as_expected()
    {
        FakeNames names = new();
        names.Hosts["pods.test"] = [IPAddress.Parse("10.0.0.2")];
        Task<BootstrapResult> finding = new DnsNameBootstrap("pods.test", 2, names)
            .FindAsync(new("n1", "http://10.0.0.1:2380"), default).AsTask();
        await Eventually.IsTrueAsync("it has looked.", () => names.Asked > 0);
        Assert.False(finding.IsCompleted);
        names.Hosts["pods.test"] = [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("10.0.0.1"), IPAddress.IPv6Loopback];
        BootstrapResult one = await finding;
        BootstrapResult two = await new DnsNameBootstrap("pods.test", 2, names)
            .FindAsync(new("n2", "http://10.0.0.2:2380"), default);
        Assert.Equal(one.ClusterId, two.ClusterId);
        Assert.Equal(["http://10.0.0.1:2380", "http://10.0.0.2:2380"], one.Members.Select(m => m.PeerUrls[0]));

        BootstrapException many = await Assert.ThrowsAsync<BootstrapException>(async () =>
            await new DnsNameBootstrap("pods.test", 1, names).FindAsync(new("n1", "http://10.0.0.1:2380"), default));
        Assert.Contains("There are 2 addresses behind pods.test, and 1 are expected", many.Message,
            StringComparison.Ordinal);
        BootstrapException stranger = await Assert.ThrowsAsync<BootstrapException>(async () =>
            await new DnsNameBootstrap("pods.test", 2, names).FindAsync(new("n9", "http://10.0.0.9:2380"), default));
        Assert.Contains("0 of the addresses behind pods.test", stranger.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_does_not_fit_is_asked_for_again_over_tcp()
    {
        using Socket udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        udp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint place = (IPEndPoint)udp.LocalEndPoint!;
        using TcpListener tcp = new(place);
        tcp.Start();
        Task serving = ServeAsync(udp, tcp);
        // A clock that stands: however slow the machine is, the answer comes in time.
        DnsClient client = new(new FakeTimeProvider(), new Entropy(1));
        IReadOnlyList<ServiceRecord> records =
            await client.FindServiceAsync([place], "_etcd-server._tcp.example.com", default);
        await serving;
        Assert.Equal([new ServiceRecord("a.example.com", 2380, 10, 5)], records);
    }

    [Fact]
    public async Task No_name_server_that_answers_is_an_error_that_names_them()
    {
        DnsClient client = new(TimeProvider.System, new Entropy(1));
        IOException exception = await Assert.ThrowsAsync<IOException>(() =>
            client.FindServiceAsync([new IPEndPoint(IPAddress.Loopback, 1)], "x.example.com", default));
        Assert.Contains("127.0.0.1:1", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => client.FindServiceAsync(
            [new IPEndPoint(IPAddress.Loopback, 1)], new string('x', 64) + ".com", default));
    }

    [Fact]
    public void The_systems_name_servers_are_read_three_at_most()
    {
        const string Text = "# a comment\nsearch example.com\nnameserver 10.0.0.1\n nameserver\t::1 \nnameserver x\n"
            + "nameserver 10.0.0.3\nnameserver 10.0.0.4\n";
        Assert.Equal(["10.0.0.1:53", "[::1]:53", "10.0.0.3:53"],
            ResolverConfiguration.Parse(Text).Select(server => server.ToString()));
    }

    /// <summary>Answers one question: over UDP that it does not fit, over TCP with an alias and a record.</summary>
    private static async Task ServeAsync(Socket udp, TcpListener tcp)
    {
        byte[] buffer = new byte[512];
        SocketReceiveFromResult received = await udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
        byte[] question = buffer[..received.ReceivedBytes];
        byte[] foreign = DnsAnswers.To(question);
        foreign[0] ^= 0xff;
        await udp.SendToAsync(foreign, received.RemoteEndPoint);
        byte[] truncated = DnsAnswers.To(question);
        truncated[2] |= 0x02;
        await udp.SendToAsync(truncated, received.RemoteEndPoint);

        using TcpClient client = await tcp.AcceptTcpClientAsync();
        NetworkStream stream = client.GetStream();
        byte[] length = new byte[2];
        await stream.ReadExactlyAsync(length);
        byte[] again = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(again);
        byte[] answer = DnsAnswers.To(again);
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)answer.Length);
        await stream.WriteAsync((byte[])[.. length, .. answer]);
    }

    private sealed class FakeNames : INameResolver
    {
        public Dictionary<string, ServiceRecord[]> Services { get; } = [];

        public System.Collections.Concurrent.ConcurrentDictionary<string, IPAddress[]> Hosts { get; } = [];

        public int Asked { get; private set; }

        public ValueTask<IReadOnlyList<ServiceRecord>> FindServiceAsync(
            string name, CancellationToken cancellationToken) =>
            ValueTask.FromResult<IReadOnlyList<ServiceRecord>>(Services.GetValueOrDefault(name) ?? []);

        public ValueTask<IReadOnlyList<IPAddress>> FindAddressesAsync(string host, CancellationToken cancellationToken)
        {
            Asked++;
            return ValueTask.FromResult<IReadOnlyList<IPAddress>>(
                IPAddress.TryParse(host, out IPAddress? address) ? [address] : Hosts.GetValueOrDefault(host) ?? []);
        }
    }
}
