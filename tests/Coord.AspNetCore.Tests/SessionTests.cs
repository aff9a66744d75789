using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Coord.Protocol.Sessions;
using Grpc.Core;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests;

/// <summary>The metadata by which a write that is sent twice is done once.</summary>
public sealed class SessionTests
{
    private const string Put = "etcdserverpb.KV/Put";

    private static Metadata Session(string text) => new() { { "coord-session", text } };

    private static PutRequest Request(string value) => new() { Key = Utf8("k"), Value = Utf8(value), PrevKv = true };

    private static Task<OpenSessionResponse> OpenAsync(EtcdClient client, bool probe = false) =>
        client.CallAsync<OpenSessionRequest, OpenSessionResponse>(
            "coord.Session/Open", new OpenSessionRequest { Probe = probe });

    [Fact]
    public async Task A_write_that_comes_twice_is_done_once_and_answered_twice()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("k", "0");
        OpenSessionResponse session = await OpenAsync(client);
        Assert.Equal(0xc0ul, session.ClusterId);
        Metadata first = Session($"c0.{session.Session:x}.1.1");

        PutResponse answer = await client.CallAsync<PutRequest, PutResponse>(Put, Request("1"), first);
        PutResponse again = await client.CallAsync<PutRequest, PutResponse>(Put, Request("1"), first);
        Assert.Equal(("0", 3), (answer.PrevKv.Value.ToStringUtf8(), answer.Header.Revision));
        Assert.Equal(answer, again);

        PutResponse next = await client.CallAsync<PutRequest, PutResponse>(
            Put, Request("2"), Session($"c0.{session.Session:x}.2.2"));
        Assert.Equal(("1", 4), (next.PrevKv.Value.ToStringUtf8(), next.Header.Revision));

        // Its answer is no longer kept, so it cannot be told from one that was never done.
        Assert.Equal(
            (StatusCode.FailedPrecondition, "coord: the session has expired"),
            await client.FailAsync<PutRequest, PutResponse>(Put, Request("1"), first));
        Assert.Equal(4, server.Store.Status.Revision.Value);
    }

    [Theory]
    [InlineData("c0.1.1.1")]
    [InlineData("c1.{0}.1.1")]
    public async Task A_session_that_is_not_known_writes_nothing(string text)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        string session = $"{(await OpenAsync(client)).Session:x}";
        Assert.Equal(
            (StatusCode.FailedPrecondition, "coord: the session has expired"),
            await client.FailAsync<PutRequest, PutResponse>(
                Put, Request("1"), Session(text.Replace("{0}", session, StringComparison.Ordinal))));
        Assert.Equal(1, server.Store.Status.Revision.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("c0")]
    [InlineData("c0.5.1")]
    [InlineData("c0.5.1.1.1")]
    [InlineData("c0.0.1.1")]
    [InlineData("c0.5.0.0")]
    [InlineData("c0.5.1.2")]
    [InlineData("c0.-5.1.1")]
    [InlineData("c0.5.11111111111111111.1")]
    public async Task Metadata_that_is_none_is_refused(string text)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        Assert.Equal(
            (StatusCode.InvalidArgument, "coord: the metadata of the session is malformed"),
            await client.FailAsync<PutRequest, PutResponse>(Put, Request("1"), Session(text)));
    }

    [Fact]
    public async Task A_probe_opens_nothing_and_a_lease_needs_an_id()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        OpenSessionResponse probe = await OpenAsync(client, probe: true);
        Assert.Equal((0xc0ul, 0ul), (probe.ClusterId, probe.Session));
        string session = $"{(await OpenAsync(client)).Session:x}";
        Assert.Equal(
            (StatusCode.InvalidArgument, "coord: in a session the id of a lease is the client's to choose"),
            await client.FailAsync<LeaseGrantRequest, LeaseGrantResponse>(
                "etcdserverpb.Lease/LeaseGrant", new() { TTL = 60 }, Session($"c0.{session}.1.1")));
    }
}
