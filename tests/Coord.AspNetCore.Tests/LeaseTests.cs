using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Grpc.Core;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests;

/// <summary>The Lease service, with the answers that are no errors to etcd's clients.</summary>
public sealed class LeaseTests
{
    [Fact]
    public async Task A_lease_is_granted_listed_and_revoked_with_its_keys()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        LeaseGrantResponse grant = await GrantAsync(client, ttl: 100);
        Assert.True(grant.ID > 0);
        Assert.Equal((100, 1), (grant.TTL, grant.Header.Revision));

        await client.PutAsync("a", "1", grant.ID);
        LeaseTimeToLiveResponse left = await TimeToLiveAsync(client, grant.ID, keys: true);
        Assert.Equal((grant.ID, 100), (left.ID, left.GrantedTTL));
        Assert.InRange(left.TTL, 1, 100);
        Assert.Equal(["a"], left.Keys.Select(key => key.ToStringUtf8()));

        LeaseLeasesResponse leases = await client.CallAsync<LeaseLeasesRequest, LeaseLeasesResponse>(
            "etcdserverpb.Lease/LeaseLeases", new());
        Assert.Equal([grant.ID], leases.Leases.Select(lease => lease.ID));

        LeaseRevokeResponse revoked = await client.CallAsync<LeaseRevokeRequest, LeaseRevokeResponse>(
            "etcdserverpb.Lease/LeaseRevoke", new LeaseRevokeRequest { ID = grant.ID });
        Assert.Equal(3, revoked.Header.Revision);
        Assert.Empty((await client.RangeAsync(new RangeRequest { Key = Utf8("a") })).Kvs);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-7)]
    [InlineData(1)]
    [InlineData(long.MinValue)]
    public async Task A_time_that_is_too_short_is_raised_in_silence(long ttl)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        Assert.Equal(2, (await GrantAsync(client, ttl)).TTL);
    }

    [Fact]
    public async Task What_is_wrong_with_a_grant_is_said()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await GrantAsync(client, ttl: 10, id: -5);
        Assert.Equal(
            (StatusCode.FailedPrecondition, "etcdserver: lease already exists"),
            await client.FailAsync<LeaseGrantRequest, LeaseGrantResponse>(
                "etcdserverpb.Lease/LeaseGrant", new LeaseGrantRequest { TTL = 10, ID = -5 }));
        Assert.Equal(
            (StatusCode.OutOfRange, "etcdserver: too large lease TTL"),
            await client.FailAsync<LeaseGrantRequest, LeaseGrantResponse>(
                "etcdserverpb.Lease/LeaseGrant", new LeaseGrantRequest { TTL = 9_000_000_001 }));
    }

    [Fact]
    public async Task A_lease_that_is_not_there_cannot_be_revoked_or_used_and_has_less_than_no_time()
    {
        (StatusCode, string) notFound = (StatusCode.NotFound, "etcdserver: requested lease not found");
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        Assert.Equal(notFound, await client.FailAsync<LeaseRevokeRequest, LeaseRevokeResponse>(
            "etcdserverpb.Lease/LeaseRevoke", new LeaseRevokeRequest { ID = 7 }));
        Assert.Equal(notFound, await client.FailAsync<PutRequest, PutResponse>(
            "etcdserverpb.KV/Put", new PutRequest { Key = Utf8("a"), Lease = 7 }));
        Assert.Equal((7, -1), ((await TimeToLiveAsync(client, 7)).ID, (await TimeToLiveAsync(client, 7)).TTL));
    }

    [Fact]
    public async Task Keep_alives_of_many_leases_share_a_stream_and_a_lost_one_does_not_end_it()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        LeaseGrantResponse grant = await GrantAsync(client, ttl: 50);
        using AsyncDuplexStreamingCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse> call =
            client.Stream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>("etcdserverpb.Lease/LeaseKeepAlive");
        foreach (long id in (long[])[grant.ID, 7, grant.ID])
            await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = id });
        await call.RequestStream.CompleteAsync();
        List<(long Id, long Ttl)> answers = [];
        while (await call.ResponseStream.MoveNext())
            answers.Add((call.ResponseStream.Current.ID, call.ResponseStream.Current.TTL));
        Assert.Equal([(grant.ID, 50), (7, 0), (grant.ID, 50)], answers);
    }

    private static Task<LeaseGrantResponse> GrantAsync(EtcdClient client, long ttl, long id = 0) =>
        client.CallAsync<LeaseGrantRequest, LeaseGrantResponse>(
            "etcdserverpb.Lease/LeaseGrant", new LeaseGrantRequest { TTL = ttl, ID = id });

    private static Task<LeaseTimeToLiveResponse> TimeToLiveAsync(EtcdClient client, long id, bool keys = false) =>
        client.CallAsync<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse>(
            "etcdserverpb.Lease/LeaseTimeToLive", new LeaseTimeToLiveRequest { ID = id, Keys = keys });
}
