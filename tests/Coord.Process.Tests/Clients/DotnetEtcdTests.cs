using System.Collections.Concurrent;
using System.Text;
using Coord.Process.Tests.Harness;
using dotnet_etcd;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using V3Electionpb;
using V3Lockpb;
using Xunit.Abstractions;

namespace Coord.Process.Tests.Clients;

/// <summary>The dotnet-etcd package, unchanged, against real members.</summary>
public sealed class DotnetEtcdTests(ITestOutputHelper output) : IDisposable
{
    private readonly TestCluster _cluster = new(output, size: 1);

    [Fact]
    public async Task It_puts_reads_lists_and_deletes()
    {
        EtcdClient client = await ConnectAsync();
        await client.PutAsync("a/1", "one");
        PutResponse second = await client.PutAsync("a/2", "two");
        Assert.Equal("one", await client.GetValAsync("a/1"));
        Assert.Equal(
            new Dictionary<string, string> { ["a/1"] = "one", ["a/2"] = "two" }, await client.GetRangeValAsync("a/"));
        Assert.Equal(second.Header.Revision, (await client.GetAsync("a/2")).Kvs.Single().ModRevision);
        Assert.Equal(2, (await client.DeleteRangeAsync("a/")).Deleted);
        Assert.Equal("", await client.GetValAsync("a/1"));
    }

    [Fact]
    public async Task Its_transactions_choose_a_branch()
    {
        EtcdClient client = await ConnectAsync();
        TxnRequest create = new()
        {
            Compare =
            {
                new Compare
                {
                    Key = Text("t"),
                    Target = Compare.Types.CompareTarget.Version,
                    Result = Compare.Types.CompareResult.Equal,
                    Version = 0,
                },
            },
            Success = { new RequestOp { RequestPut = new PutRequest { Key = Text("t"), Value = Text("first") } } },
            Failure = { new RequestOp { RequestRange = new RangeRequest { Key = Text("t") } } },
        };
        Assert.True((await client.TransactionAsync(create)).Succeeded);
        TxnResponse again = await client.TransactionAsync(create);
        Assert.False(again.Succeeded);
        Assert.Equal("first", again.Responses.Single().ResponseRange.Kvs.Single().Value.ToStringUtf8());
    }

    [Fact]
    public async Task Its_watches_see_every_change_in_order()
    {
        EtcdClient client = await ConnectAsync();
        ConcurrentQueue<string> seen = new();
        TaskCompletionSource created = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long id = await client.WatchRangeAsync("w/", response =>
        {
            if (response.Created)
                created.SetResult();
            foreach (Mvccpb.Event change in response.Events)
                seen.Enqueue($"{change.Type} {change.Kv.Key.ToStringUtf8()} {change.Kv.Value.ToStringUtf8()}");
        });
        await created.Task.WaitAsync(Eventually.Patience); // The client does not wait for it by itself.
        for (int i = 0; i < 20; i++)
            await client.PutAsync($"w/{i}", $"{i}");
        await client.DeleteAsync("w/7");
        await Eventually.IsTrueAsync("the watch sees all changes.", () => seen.Count >= 21);
        Assert.Equal([.. Enumerable.Range(0, 20).Select(i => $"Put w/{i} {i}"), "Delete w/7 "], seen);
        client.CancelWatch(id);
    }

    [Fact]
    public async Task Its_leases_delete_their_keys()
    {
        EtcdClient client = await ConnectAsync();
        LeaseGrantResponse lease = await client.LeaseGrantAsync(new LeaseGrantRequest { TTL = 60 });
        Assert.Equal(60, lease.TTL);
        await client.PutAsync(new PutRequest { Key = Text("l"), Value = Text("v"), Lease = lease.ID });
        LeaseTimeToLiveResponse left =
            await client.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = lease.ID, Keys = true });
        Assert.Equal("l", left.Keys.Single().ToStringUtf8());
        Assert.InRange(left.TTL, 1, 60);
        await client.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease.ID });
        Assert.Equal("", await client.GetValAsync("l"));
        RpcException unknown = await Assert.ThrowsAsync<RpcException>(
            () => client.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease.ID }));
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Its_locks_exclude_and_its_elections_elect()
    {
        EtcdClient client = await ConnectAsync();
        LockResponse held = await client.LockAsync("mutex");
        Task<LockResponse> waiting = client.LockAsync("mutex");
        await client.PutAsync("other", "work");
        Assert.False(waiting.IsCompleted);
        await client.UnlockAsync(held.Key.ToStringUtf8());
        Assert.NotEqual(held.Key, (await waiting).Key);

        LeaseGrantResponse lease = await client.LeaseGrantAsync(new LeaseGrantRequest { TTL = 60 });
        CampaignResponse won = await client.CampaignAsync(
            new CampaignRequest { Name = Text("e"), Lease = lease.ID, Value = Text("me") });
        Assert.Equal("me", (await client.LeaderAsync("e")).Kv.Value.ToStringUtf8());
        await client.ResignAsync(won.Leader);
        await Assert.ThrowsAsync<RpcException>(() => client.LeaderAsync("e"));
    }

    [Fact]
    public async Task It_asks_for_status_members_and_hashes()
    {
        EtcdClient client = await ConnectAsync();
        await client.PutAsync("k", "v");
        StatusResponse status = await client.StatusAsync(new StatusRequest());
        Assert.Equal(status.Header.MemberId, status.Leader);
        MemberListResponse members = await client.MemberListAsync(new MemberListRequest());
        Assert.Equal(status.Leader, members.Members.Single().ID);
        HashKVResponse hash = await client.HashKVAsync(new HashKVRequest());
        Assert.Equal(hash.Hash, (await client.HashKVAsync(new HashKVRequest())).Hash);
        await client.CompactAsync(new CompactionRequest { Revision = hash.Header.Revision });
        await client.DefragmentAsync(new DefragmentRequest());
    }

    public void Dispose() => _cluster.Dispose();

    private static ByteString Text(string text) => ByteString.CopyFrom(text, Encoding.UTF8);

    private async Task<EtcdClient> ConnectAsync()
    {
        string url = (await _cluster.StartAsync()).ClientUrl;
        return new EtcdClient(
            url, configureChannelOptions: options => options.Credentials = ChannelCredentials.Insecure);
    }
}
