using Coord.Raft;
using Coord.Transport.Discovery;

namespace Coord.Transport.Tests.Discovery;

/// <summary>What was found is remembered before the node starts, and nothing is left of what was not.</summary>
public sealed class ClusterBootstrapTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("coord-bootstrap-").FullName;

    private string Data => Path.Combine(_root, "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task What_was_found_is_asked_for_once()
    {
        Counting bootstrap = new("n1=http://10.0.0.1:2380,n2=http://10.0.0.2:2380,n2=http://10.1.0.2:2380");
        BootstrapResult first = await ClusterBootstrap.RunAsync(bootstrap, Node(1), Data);
        BootstrapResult second = await ClusterBootstrap.RunAsync(bootstrap, Node(1), Data);
        Assert.Equal(1, bootstrap.Asked);
        Assert.Equal(first.ClusterId, second.ClusterId);
        Assert.Equal(first.NodeId, second.NodeId);
        Assert.Equal(first.Admission.ToArray(), second.Admission.ToArray());
        Assert.Equal(
            first.Members.Select(member => (member.Id, member.Name, string.Join(',', member.PeerUrls))),
            second.Members.Select(member => (member.Id, member.Name, string.Join(',', member.PeerUrls))));

        RaftOptions options = new() { DataDirectory = Data };
        second.ApplyTo(options);
        Assert.Empty(options.Validate());
        Assert.Equal(["10.0.0.1:2380", "10.0.0.2:2380"], options.InitialMembers.Select(m => m.Address).Order());
    }

    [Fact]
    public async Task Nothing_is_left_of_a_cluster_that_was_not_found()
    {
        await Assert.ThrowsAsync<BootstrapException>(async () =>
            await ClusterBootstrap.RunAsync(new Counting("n2=http://10.0.0.2:2380"), Node(1), Data));
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task Any_part_of_the_record_is_no_record_and_any_changed_byte_is_seen()
    {
        Counting bootstrap = new("n1=http://10.0.0.1:2380");
        byte[] whole = BootstrapRecord.Encode(await bootstrap.FindAsync(Node(1), default));
        Assert.NotNull(BootstrapRecord.Decode(whole));
        for (int length = 0; length < whole.Length - 1; length++)
            Assert.Null(BootstrapRecord.Decode(whole.AsMemory(0, length)));
        for (int i = 0; i < whole.Length - 1; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 0x11;
            Assert.Null(BootstrapRecord.Decode(changed));
        }

        Directory.CreateDirectory(Data);
        await File.WriteAllBytesAsync(Path.Combine(Data, BootstrapRecord.FileName), whole[..^3]);
        Assert.Contains(
            "is damaged", Assert.Throws<BootstrapException>(() => ClusterBootstrap.TryRead(Data)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_must_have_the_node_with_its_addresses()
    {
        await RefusedAsync("n2=http://10.0.0.2:2380", "has no member 'n1'");
        await RefusedAsync("n1=http://10.0.0.2:2380", "Make both the same");
        await RefusedAsync("n1", "a member is written as name=http://host:port");
        await RefusedAsync("n1=http://10.0.0.1", "a member is written as name=http://host:port");
        await RefusedAsync("n1=http://10.0.0.1:2380,n2=http://10.0.0.1:2380", "twice");

        async Task RefusedAsync(string list, string error)
        {
            BootstrapException exception = await Assert.ThrowsAsync<BootstrapException>(async () =>
                await new StaticBootstrap(list).FindAsync(Node(1), default));
            Assert.Contains(error, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_single_node_is_its_own_cluster()
    {
        BootstrapResult result = await new SingleNodeBootstrap().FindAsync(Node(1), default);
        Assert.Equal(result.NodeId, Assert.Single(result.Members).Id);
        Assert.False(result.JoinsExisting);
    }

    [Fact]
    public async Task A_node_joins_through_any_member_under_the_id_it_was_added_with()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        string[] urls = [.. cluster.Transports.Select(transport => $"http://{transport.LocalEndPoint}")];
        JoinBootstrap bootstrap = new(["http://127.0.0.1:1", urls[0]]);
        BootstrapResult result = await bootstrap.FindAsync(new BootstrapNode("n2", urls[1]), default);
        Assert.True(result.JoinsExisting);
        Assert.Equal(cluster.Receivers[1].LocalHello.NodeId, result.NodeId);
        Assert.Equal(cluster.Receivers[0].LocalHello.ClusterId, result.ClusterId);
        Assert.Empty(result.Members);

        bootstrap = new JoinBootstrap(urls) { Patience = TimeSpan.Zero };
        BootstrapException exception = await Assert.ThrowsAsync<BootstrapException>(async () =>
            await bootstrap.FindAsync(Node(1), default));
        Assert.Contains("knows no member at http://10.0.0.1:2380", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "http://a:1")]
    [InlineData("a,b", "http://a:1")]
    [InlineData("a=b", "http://a:1")]
    [InlineData("a", "http://a")]
    [InlineData("a", "ftp://a:1")]
    [InlineData("a", "http://a:1/path")]
    [InlineData("a", "a:1")]
    public void A_node_has_a_name_and_urls_with_a_port(string name, string url) =>
        Assert.ThrowsAny<ArgumentException>(() => new BootstrapNode(name, url));

    private static BootstrapNode Node(int i) => new($"n{i}", $"http://10.0.0.{i}:2380");

    private sealed class Counting(string list) : IClusterBootstrap
    {
        public int Asked { get; private set; }

        public async ValueTask<BootstrapResult> FindAsync(BootstrapNode self, CancellationToken cancellationToken)
        {
            Asked++;
            return await new StaticBootstrap(list).FindAsync(self, cancellationToken) with
            {
                Admission = new byte[] { 1, 2, 3 },
            };
        }
    }
}
