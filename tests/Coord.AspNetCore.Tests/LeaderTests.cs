using Coord.AspNetCore.Handlers;
using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests;

/// <summary>What a member without a leader tells its clients.</summary>
public sealed class LeaderTests
{
    private static readonly (StatusCode, string) NoLeader = (StatusCode.Unavailable, "etcdserver: no leader");
    private static readonly Metadata RequireLeader = new() { { "hasleader", "true" } };

    [Fact]
    public async Task A_client_that_requires_a_leader_hears_at_once_that_there_is_none()
    {
        await using ApiServer server = await ApiServer.StartWithoutLeaderAsync();
        using EtcdClient client = new(server);
        RangeRequest request = new() { Key = Utf8("a"), Serializable = true };
        Assert.Equal(
            NoLeader,
            await client.FailAsync<RangeRequest, RangeResponse>("etcdserverpb.KV/Range", request, RequireLeader));
        Assert.Empty((await client.RangeAsync(request)).Kvs);
    }

    [Fact]
    public async Task A_stream_that_requires_a_leader_is_not_begun_without_one()
    {
        await using ApiServer server = await ApiServer.StartWithoutLeaderAsync();
        using EtcdClient client = new(server);
        using AsyncDuplexStreamingCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse> call =
            client.Stream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>(
                "etcdserverpb.Lease/LeaseKeepAlive", RequireLeader);
        RpcException ended = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());
        Assert.Equal(NoLeader, (ended.StatusCode, ended.Status.Detail));
    }

    [Fact]
    public async Task Status_and_health_work_without_a_leader_and_say_so()
    {
        await using ApiServer server = await ApiServer.StartWithoutLeaderAsync();
        using EtcdClient client = new(server);
        StatusResponse status = await client.CallAsync<StatusRequest, StatusResponse>(
            "etcdserverpb.Maintenance/Status", new());
        Assert.Equal(["etcdserver: no leader"], status.Errors);
        Assert.Equal(0u, status.Leader);

        using HttpClient http = new() { BaseAddress = server.Address };
        using HttpResponseMessage health = await http.GetAsync("/health");
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Equal("""{"health":"false"}""", await health.Content.ReadAsStringAsync());
        Assert.Equal("RAFT NO LEADER", Assert.Single(health.Headers.GetValues("Coord-Health-Reason")));
        Assert.Equal("""{"health":"true"}""", await http.GetStringAsync("/health?serializable=true"));
    }

    [Fact]
    public async Task Streams_hear_of_a_lost_leader_after_three_looks_and_later_ones_start_anew()
    {
        await using ApiServer server = await ApiServer.StartWithoutLeaderAsync();
        using LeaderMonitor monitor = ActivatorUtilities.CreateInstance<LeaderMonitor>(
            server.Services, new Microsoft.Extensions.Time.Testing.FakeTimeProvider());
        CancellationToken lost = monitor.Lost;
        monitor.Look();
        monitor.Look();
        Assert.False(lost.IsCancellationRequested);
        monitor.Look();
        Assert.True(lost.IsCancellationRequested);
        Assert.False(monitor.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_look_at_a_leader_forgets_that_it_was_missing()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using LeaderMonitor monitor = ActivatorUtilities.CreateInstance<LeaderMonitor>(
            server.Services, new Microsoft.Extensions.Time.Testing.FakeTimeProvider());
        CancellationToken lost = monitor.Lost;
        for (int i = 0; i < 10; i++)
            monitor.Look();
        Assert.False(lost.IsCancellationRequested);
    }
}
