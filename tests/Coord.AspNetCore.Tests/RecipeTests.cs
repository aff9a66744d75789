using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Coord.Protocol.V3Election;
using Coord.Protocol.V3Lock;
using Google.Protobuf;
using Grpc.Core;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests;

/// <summary>The Lock and Election services: one at a time has it, in the order they came.</summary>
public sealed class RecipeTests
{
    [Fact]
    public async Task A_lock_is_a_key_named_after_its_lease_and_is_taken_again_at_once_with_the_same_one()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        long lease = await GrantAsync(client);
        LockResponse first = await LockAsync(client, lease);
        Assert.Equal($"l/{lease:x}", first.Key.ToStringUtf8());
        Assert.Equal(first.Key, (await LockAsync(client, lease)).Key);
    }

    [Fact]
    public async Task Those_who_wait_get_the_lock_in_the_order_they_came()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        LockResponse held = await LockAsync(client, await GrantAsync(client));
        List<Task<LockResponse>> waiting = [];
        for (int i = 1; i <= 3; i++)
        {
            waiting.Add(LockAsync(client, await GrantAsync(client)));
            await ContendersAsync(client, "l/", i + 1);
        }

        foreach (Task<LockResponse> next in waiting)
        {
            Assert.False(next.IsCompleted);
            await UnlockAsync(client, held.Key);
            held = await next;
        }
    }

    [Fact]
    public async Task Who_gives_up_waiting_is_waited_for_by_nobody()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        LockResponse held = await LockAsync(client, await GrantAsync(client));
        using (EtcdClient impatient = new(server))
        {
            Task<LockResponse> waiting = LockAsync(impatient, await GrantAsync(client));
            await ContendersAsync(client, "l/", 2);
            impatient.Dispose();
            await Assert.ThrowsAsync<RpcException>(() => waiting);
        }

        await ContendersAsync(client, "l/", 1);
        await UnlockAsync(client, held.Key);
        await LockAsync(client, await GrantAsync(client));
    }

    [Fact]
    public async Task A_lock_without_its_lease_is_refused_as_etcd_refuses_it()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        Assert.Equal(
            (StatusCode.Unknown, "etcdserver: requested lease not found"),
            await client.FailAsync<LockRequest, LockResponse>(
                "v3lockpb.Lock/Lock", new LockRequest { Name = Utf8("l"), Lease = 7 }));
    }

    [Fact]
    public async Task A_waiter_whose_lease_ends_does_not_get_the_lock()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        LockResponse held = await LockAsync(client, await GrantAsync(client));
        long lost = await GrantAsync(client);
        Task<(StatusCode, string)> waiting = client.FailAsync<LockRequest, LockResponse>(
            "v3lockpb.Lock/Lock", new LockRequest { Name = Utf8("l"), Lease = lost });
        await ContendersAsync(client, "l/", 2);
        await client.CallAsync<LeaseRevokeRequest, LeaseRevokeResponse>(
            "etcdserverpb.Lease/LeaseRevoke", new LeaseRevokeRequest { ID = lost });
        await UnlockAsync(client, held.Key);
        Assert.Equal((StatusCode.Unknown, "mutex: session is expired"), await waiting);
    }

    [Fact]
    public async Task A_leader_is_elected_proclaims_is_observed_and_resigns()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        LeaderRequest who = new() { Name = Utf8("e") };
        Assert.Equal(
            (StatusCode.Unknown, "election: no leader"),
            await client.FailAsync<LeaderRequest, LeaderResponse>("v3electionpb.Election/Leader", who));

        using AsyncServerStreamingCall<LeaderResponse> observed =
            client.Download<LeaderRequest, LeaderResponse>("v3electionpb.Election/Observe", who);
        LeaderKey first = await CampaignAsync(client, await GrantAsync(client), "one");
        Assert.Equal("one", await NextAsync(observed));
        Task<LeaderKey> second = CampaignAsync(client, await GrantAsync(client), "two");
        await ContendersAsync(client, "e/", 2);
        Assert.False(second.IsCompleted);
        await client.CallAsync<ProclaimRequest, ProclaimResponse>(
            "v3electionpb.Election/Proclaim", new ProclaimRequest { Leader = first, Value = Utf8("one more") });
        Assert.Equal("one more", await NextAsync(observed));

        await client.CallAsync<ResignRequest, ResignResponse>(
            "v3electionpb.Election/Resign", new ResignRequest { Leader = first });
        await second;
        Assert.Equal("two", await NextAsync(observed));
        LeaderResponse leader = await client.CallAsync<LeaderRequest, LeaderResponse>(
            "v3electionpb.Election/Leader", who);
        Assert.Equal("two", leader.Kv.Value.ToStringUtf8());
        Assert.Equal(
            (StatusCode.Unknown, "election: not leader"),
            await client.FailAsync<ProclaimRequest, ProclaimResponse>(
                "v3electionpb.Election/Proclaim", new ProclaimRequest { Leader = first, Value = Utf8("late") }));
    }

    [Fact]
    public async Task Who_does_not_say_as_whom_it_speaks_is_refused()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        (StatusCode, string) missing = (StatusCode.Unknown, "\"leader\" field must be provided");
        Assert.Equal(missing, await client.FailAsync<ProclaimRequest, ProclaimResponse>(
            "v3electionpb.Election/Proclaim", new()));
        Assert.Equal(missing, await client.FailAsync<ResignRequest, ResignResponse>(
            "v3electionpb.Election/Resign", new()));
    }

    private static async Task<long> GrantAsync(EtcdClient client) =>
        (await client.CallAsync<LeaseGrantRequest, LeaseGrantResponse>(
            "etcdserverpb.Lease/LeaseGrant", new LeaseGrantRequest { TTL = 600 })).ID;

    private static Task<LockResponse> LockAsync(EtcdClient client, long lease) =>
        client.CallAsync<LockRequest, LockResponse>(
            "v3lockpb.Lock/Lock", new LockRequest { Name = Utf8("l"), Lease = lease });

    private static Task<UnlockResponse> UnlockAsync(EtcdClient client, ByteString key) =>
        client.CallAsync<UnlockRequest, UnlockResponse>("v3lockpb.Lock/Unlock", new UnlockRequest { Key = key });

    private static async Task<LeaderKey> CampaignAsync(EtcdClient client, long lease, string value) =>
        (await client.CallAsync<CampaignRequest, CampaignResponse>(
            "v3electionpb.Election/Campaign",
            new CampaignRequest { Name = Utf8("e"), Lease = lease, Value = Utf8(value) })).Leader;

    private static async Task<string> NextAsync(AsyncServerStreamingCall<LeaderResponse> observed)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        Assert.True(await observed.ResponseStream.MoveNext(late.Token));
        return observed.ResponseStream.Current.Kv.Value.ToStringUtf8();
    }

    private static async Task ContendersAsync(EtcdClient client, string prefix, long count)
    {
        byte[] end = Utf8(prefix).ToByteArray();
        end[^1]++;
        RangeRequest request = new() { Key = Utf8(prefix), RangeEnd = ByteString.CopyFrom(end), CountOnly = true };
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        while ((await client.RangeAsync(request)).Count != count)
            late.Token.ThrowIfCancellationRequested();
    }
}
