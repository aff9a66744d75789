using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.Core;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests;

/// <summary>The KV service over real gRPC: answers, headers, and each refusal with its code and text.</summary>
public sealed class KvTests
{
    private static readonly ByteString All = ByteString.CopyFrom(0);

    [Fact]
    public async Task A_put_is_read_back_with_its_revisions_and_the_header_names_cluster_member_and_term()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        PutResponse put = await client.PutAsync("a", "1");
        Assert.Equal(2, put.Header.Revision);
        Assert.Equal(0xc0u, put.Header.ClusterId);
        Assert.Equal(0xa1u, put.Header.MemberId);
        Assert.True(put.Header.RaftTerm > 0);

        await client.PutAsync("a", "2");
        RangeResponse range = await client.RangeAsync(new RangeRequest { Key = Utf8("a") });
        KeyValue pair = Assert.Single(range.Kvs);
        Assert.Equal(("a", "2"), (pair.Key.ToStringUtf8(), pair.Value.ToStringUtf8()));
        Assert.Equal((2, 3, 2), (pair.CreateRevision, pair.ModRevision, pair.Version));
        Assert.Equal((1, 3), (range.Count, range.Header.Revision));
    }

    [Fact]
    public async Task The_header_of_a_read_of_the_past_has_the_present_revision()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        await client.PutAsync("a", "2");
        RangeResponse range = await client.RangeAsync(new RangeRequest { Key = Utf8("a"), Revision = 2 });
        Assert.Equal("1", range.Kvs[0].Value.ToStringUtf8());
        Assert.Equal(3, range.Header.Revision);
    }

    [Fact]
    public async Task A_limit_cuts_and_says_so_and_keys_only_leaves_values_out()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        foreach (string key in (string[])["a", "b", "c"])
            await client.PutAsync(key, key);
        RangeResponse range = await client.RangeAsync(
            new RangeRequest { Key = All, RangeEnd = All, Limit = 2, KeysOnly = true });
        Assert.Equal(["a", "b"], range.Kvs.Select(pair => pair.Key.ToStringUtf8()));
        Assert.All(range.Kvs, pair => Assert.True(pair.Value.IsEmpty));
        Assert.True(range.More);
        Assert.Equal(3, range.Count);

        RangeResponse count = await client.RangeAsync(new RangeRequest { Key = All, RangeEnd = All, CountOnly = true });
        Assert.Empty(count.Kvs);
        Assert.Equal(3, count.Count);
    }

    [Fact]
    public async Task A_deletion_returns_what_it_deleted_and_one_of_nothing_makes_no_revision()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        DeleteRangeResponse deleted = await client.DeleteAsync(
            new DeleteRangeRequest { Key = Utf8("a"), PrevKv = true });
        Assert.Equal((1, 3), (deleted.Deleted, deleted.Header.Revision));
        Assert.Equal("1", Assert.Single(deleted.PrevKvs).Value.ToStringUtf8());

        DeleteRangeResponse nothing = await client.DeleteAsync(new DeleteRangeRequest { Key = Utf8("a") });
        Assert.Equal((0, 3), (nothing.Deleted, nothing.Header.Revision));
    }

    [Fact]
    public async Task Requests_without_a_key_are_refused()
    {
        (StatusCode, string) expected = (StatusCode.InvalidArgument, "etcdserver: key is not provided");
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        Assert.Equal(expected, await client.FailAsync<RangeRequest, RangeResponse>("etcdserverpb.KV/Range", new()));
        Assert.Equal(expected, await client.FailAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", new()));
        Assert.Equal(expected, await client.FailAsync<DeleteRangeRequest, DeleteRangeResponse>(
            "etcdserverpb.KV/DeleteRange", new()));
        TxnRequest txn = new() { Compare = { new Compare() } };
        Assert.Equal(expected, await client.FailAsync<TxnRequest, TxnResponse>("etcdserverpb.KV/Txn", txn));
    }

    [Fact]
    public async Task A_put_that_contradicts_itself_is_refused()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        PutRequest value = new() { Key = Utf8("a"), Value = Utf8("v"), IgnoreValue = true };
        Assert.Equal(
            (StatusCode.InvalidArgument, "etcdserver: value is provided"),
            await client.FailAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", value));
        PutRequest lease = new() { Key = Utf8("a"), Lease = 1, IgnoreLease = true };
        Assert.Equal(
            (StatusCode.InvalidArgument, "etcdserver: lease is provided"),
            await client.FailAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", lease));
    }

    [Theory]
    [InlineData(100, "etcdserver: mvcc: required revision is a future revision")]
    [InlineData(2, "etcdserver: mvcc: required revision has been compacted")]
    public async Task Revisions_that_are_not_there_cannot_be_read(long revision, string text)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        await client.PutAsync("a", "2");
        await client.CallAsync<CompactionRequest, CompactionResponse>(
            "etcdserverpb.KV/Compact", new CompactionRequest { Revision = 3 });
        RangeRequest request = new() { Key = Utf8("a"), Revision = revision };
        Assert.Equal(
            (StatusCode.OutOfRange, text),
            await client.FailAsync<RangeRequest, RangeResponse>("etcdserverpb.KV/Range", request));
    }

    [Theory]
    [InlineData(100, "etcdserver: mvcc: required revision is a future revision")]
    [InlineData(2, "etcdserver: mvcc: required revision has been compacted")]
    [InlineData(0, "etcdserver: mvcc: required revision has been compacted")]
    [InlineData(-1, "etcdserver: mvcc: required revision has been compacted")]
    public async Task Compactions_to_where_nothing_is_left_to_do_are_refused(long revision, string text)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        await client.CallAsync<CompactionRequest, CompactionResponse>(
            "etcdserverpb.KV/Compact", new CompactionRequest { Revision = 2 });
        CompactionRequest request = new() { Revision = revision };
        Assert.Equal(
            (StatusCode.OutOfRange, text),
            await client.FailAsync<CompactionRequest, CompactionResponse>("etcdserverpb.KV/Compact", request));
    }

    [Fact]
    public async Task A_request_that_is_too_large_is_refused_by_the_server_and_a_much_larger_one_is_not_even_read()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        int max = 1536 * 1024;
        PutRequest fits = new() { Key = Utf8("a"), Value = ByteString.CopyFrom(new byte[max - 100]) };
        await client.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", fits);

        PutRequest larger = new() { Key = Utf8("a"), Value = ByteString.CopyFrom(new byte[max]) };
        Assert.Equal(
            (StatusCode.InvalidArgument, "etcdserver: request is too large"),
            await client.FailAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", larger));

        PutRequest huge = new() { Key = Utf8("a"), Value = ByteString.CopyFrom(new byte[3_000_000]) };
        Assert.Equal(
            (StatusCode.ResourceExhausted, "grpc: received message larger than max (3000008 vs. 2097152)"),
            await client.FailAsync<PutRequest, PutResponse>("etcdserverpb.KV/Put", huge));
    }

    [Fact]
    public async Task A_client_that_requires_a_leader_is_answered_while_there_is_one()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        RangeResponse range = await client.CallAsync<RangeRequest, RangeResponse>(
            "etcdserverpb.KV/Range", new RangeRequest { Key = Utf8("a") }, new Metadata { { "hasleader", "true" } });
        Assert.Empty(range.Kvs);
    }
}
