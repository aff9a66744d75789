using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Grpc.Core;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests;

/// <summary>Transactions through the protocol: conditions, branches, and which headers carry what.</summary>
public sealed class TransactionTests
{
    [Fact]
    public async Task One_branch_happens_at_one_revision_and_its_reads_see_its_writes()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        TxnRequest request = new()
        {
            Compare = { Version("a", 0) },
            Success = { Put("a", "1"), Get("a"), Put("b", "2"), Delete("a0") },
            Failure = { Get("a") },
        };
        TxnResponse first = await client.TxnAsync(request);
        Assert.True(first.Succeeded);
        Assert.Equal((2, 0xc0u), (first.Header.Revision, first.Header.ClusterId));
        Assert.Equal("1", first.Responses[1].ResponseRange.Kvs[0].Value.ToStringUtf8());
        Assert.Equal((2, 0u), (first.Responses[0].ResponsePut.Header.Revision,
            first.Responses[0].ResponsePut.Header.ClusterId));
        Assert.Equal(0, first.Responses[3].ResponseDeleteRange.Deleted);

        TxnResponse second = await client.TxnAsync(request);
        Assert.False(second.Succeeded);
        Assert.Equal(2, second.Header.Revision);
        Assert.Equal("a", Assert.Single(second.Responses).ResponseRange.Kvs[0].Key.ToStringUtf8());
    }

    [Fact]
    public async Task An_inner_transaction_has_an_empty_header_and_its_conditions_see_the_state_before()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        TxnRequest inner = new() { Compare = { Version("a", 0) }, Success = { Put("b", "1") } };
        TxnResponse response = await client.TxnAsync(new TxnRequest
        {
            Success = { Put("a", "1"), new RequestOp { RequestTxn = inner } },
        });
        TxnResponse nested = response.Responses[1].ResponseTxn;
        Assert.True(nested.Succeeded);
        Assert.Equal(new ResponseHeader(), nested.Header);
        Assert.NotNull(nested.Responses[0].ResponsePut);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("1", false)]
    public async Task A_comparison_without_a_value_compares_with_nothing(string stored, bool holds)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("a", stored);
        Compare compare = new() { Key = Utf8("a"), Target = Compare.Types.CompareTarget.Value };
        Assert.Equal(holds, (await client.TxnAsync(new TxnRequest { Compare = { compare } })).Succeeded);
    }

    [Fact]
    public async Task A_step_that_cannot_be_done_undoes_all()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        RequestOp lost = new() { RequestPut = new PutRequest { Key = Utf8("b"), Lease = 7 } };
        Assert.Equal(
            (StatusCode.NotFound, "etcdserver: requested lease not found"),
            await FailAsync(client, new TxnRequest { Success = { Put("a", "1"), lost } }));
        RequestOp kept = new() { RequestPut = new PutRequest { Key = Utf8("b"), IgnoreValue = true } };
        Assert.Equal(
            (StatusCode.InvalidArgument, "etcdserver: key not found"),
            await FailAsync(client, new TxnRequest { Success = { Put("a", "1"), kept } }));
        RequestOp future = new() { RequestRange = new RangeRequest { Key = Utf8("b"), Revision = 99 } };
        Assert.Equal(
            (StatusCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision"),
            await FailAsync(client, new TxnRequest { Success = { Put("a", "1"), future } }));
        RangeResponse range = await client.RangeAsync(new RangeRequest { Key = Utf8("a") });
        Assert.Equal((0, 1), (range.Count, range.Header.Revision));
    }

    private static Task<(StatusCode, string)> FailAsync(EtcdClient client, TxnRequest request) =>
        client.FailAsync<TxnRequest, TxnResponse>("etcdserverpb.KV/Txn", request);

    private static Compare Version(string key, long version) =>
        new() { Key = Utf8(key), Target = Compare.Types.CompareTarget.Version, Version = version };

    private static RequestOp Put(string key, string value) =>
        new() { RequestPut = new PutRequest { Key = Utf8(key), Value = Utf8(value) } };

    private static RequestOp Get(string key) => new() { RequestRange = new RangeRequest { Key = Utf8(key) } };

    private static RequestOp Delete(string key) =>
        new() { RequestDeleteRange = new DeleteRangeRequest { Key = Utf8(key) } };
}
