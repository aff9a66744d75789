using System.Net.Http.Headers;
using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests.BadInput;

/// <summary>Calls over gRPC that no generated client would make.</summary>
public sealed class GrpcMessageTests
{
    [Fact]
    public async Task Fields_that_nobody_knows_are_passed_over()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        PutRequest put = new() { Key = Utf8("a"), Value = Utf8("1") };

        // Field 1000 as a number and field 1001 as bytes.
        byte[] message = [.. put.ToByteArray(), 0xc0, 0x3e, 5, 0xca, 0x3e, 2, 1, 2];
        Assert.Equal("0", await StatusAsync(server, "/etcdserverpb.KV/Put", Framed(message)));
    }

    [Theory]
    [InlineData("a length beyond the message", new byte[] { 0x0a, 0x7f, 1 })]
    [InlineData("a number that does not end", new byte[] { 0x18, 0xff, 0xff })]
    [InlineData("a group that does not end", new byte[] { 0x0b })]
    [InlineData("a field with the number zero", new byte[] { 0x00, 0x01 })]
    public async Task Bytes_that_are_no_message_are_an_error_and_change_nothing(string what, byte[] message)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        foreach (string method in (string[])["KV/Put", "KV/Compact", "Lease/LeaseGrant", "Cluster/MemberAdd"])
        {
            (string status, string text) = await CallAsync(server, $"/etcdserverpb.{method}", Framed(message));
            Assert.Equal("13", status);
            Assert.StartsWith("grpc: error unmarshalling request: ", text, StringComparison.Ordinal);
        }

        foreach (string method in (string[])["Watch/Watch", "Lease/LeaseKeepAlive", "Maintenance/Snapshot"])
        {
            (string status, string text) = await CallAsync(server, $"/etcdserverpb.{method}", Framed(message));
            Assert.Equal("13", status);
            Assert.StartsWith("grpc: failed to unmarshal the received message ", text, StringComparison.Ordinal);
        }

        using EtcdClient client = new(server);
        Assert.Equal(2, (await client.PutAsync("a", what)).Header.Revision);
    }

    [Fact]
    public async Task A_message_that_is_cut_off_or_has_another_behind_it_is_refused()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        byte[] whole = Framed(new PutRequest { Key = Utf8("a") }.ToByteArray());
        Assert.Equal("13", await StatusAsync(server, "/etcdserverpb.KV/Put", whole[..^1]));
        Assert.Equal("13", await StatusAsync(server, "/etcdserverpb.KV/Put", whole[..3]));
        Assert.Equal("13", await StatusAsync(server, "/etcdserverpb.KV/Put", []));
        Assert.Equal("13", await StatusAsync(server, "/etcdserverpb.KV/Put", [.. whole, .. whole]));
    }

    [Fact]
    public async Task Methods_and_services_that_are_not_there_are_unimplemented()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        Assert.Equal("12", await StatusAsync(server, "/etcdserverpb.KV/Nothing", Framed([])));
        Assert.Equal("12", await StatusAsync(server, "/nothing.Service/Nothing", Framed([])));
    }

    /// <summary>
    /// The protocol's library lets messages nest a hundred deep, which is two for each transaction. The gateway takes
    /// as many levels as there may be operations.
    /// </summary>
    [Fact]
    public async Task Transactions_nest_deeply()
    {
        const int Levels = 48;
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        TxnRequest request = new();
        request.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = Utf8("deep") } });
        for (int level = 0; level < Levels; level++)
        {
            TxnRequest outer = new();
            outer.Success.Add(new RequestOp { RequestTxn = request });
            request = outer;
        }

        Assert.Equal(2, (await client.TxnAsync(request)).Header.Revision);
    }

    private static byte[] Framed(byte[] message) =>
        [0, 0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message];

    private static async Task<string> StatusAsync(ApiServer server, string path, byte[] body) =>
        (await CallAsync(server, path, body)).Status;

    /// <summary>Makes a call of one message, and returns its status and the text that came with it.</summary>
    private static async Task<(string Status, string Text)> CallAsync(ApiServer server, string path, byte[] body)
    {
        using HttpClient http = new() { BaseAddress = server.Address };
        using HttpRequestMessage request = new(HttpMethod.Post, path)
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using HttpResponseMessage response = await http.SendAsync(request);
        await response.Content.LoadIntoBufferAsync();
        HttpHeaders headers = response.Headers.Contains("grpc-status") ? response.Headers : response.TrailingHeaders;
        string text = headers.TryGetValues("grpc-message", out IEnumerable<string>? texts) ? texts.Single() : "";
        return (headers.GetValues("grpc-status").Single(), text);
    }
}
