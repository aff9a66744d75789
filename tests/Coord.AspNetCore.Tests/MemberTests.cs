using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Tests;

/// <summary>The services about the member itself, and those that answer without a feature behind them.</summary>
public sealed class MemberTests
{
    [Fact]
    public async Task A_member_is_listed_with_its_name_and_urls_and_the_header_has_no_revision()
    {
        await using ApiServer server = await ApiServer.StartAsync(options =>
        {
            options.MemberName = "infra0";
            options.PeerUrls.Add("http://127.0.0.1:2380");
            options.ClientUrls.Add("http://127.0.0.1:2379");
        });
        using EtcdClient client = new(server);
        MemberListResponse list = await client.CallAsync<MemberListRequest, MemberListResponse>(
            "etcdserverpb.Cluster/MemberList", new MemberListRequest { Linearizable = true });
        Member member = Assert.Single(list.Members);
        Assert.Equal((0xa1u, "infra0", false), (member.ID, member.Name, member.IsLearner));
        Assert.Equal(["http://127.0.0.1:2380"], member.PeerURLs);
        Assert.Equal(["http://127.0.0.1:2379"], member.ClientURLs);
        Assert.Equal((0xc0u, 0), (list.Header.ClusterId, list.Header.Revision));
    }

    [Fact]
    public async Task The_status_names_leader_term_and_indices()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        StatusResponse status = await client.CallAsync<StatusRequest, StatusResponse>(
            "etcdserverpb.Maintenance/Status", new());
        Assert.Equal("3.4.36", status.Version);
        Assert.Equal(0xa1u, status.Leader);
        Assert.Equal(status.Header.RaftTerm, status.RaftTerm);
        Assert.True(status.RaftAppliedIndex > 1);
        Assert.True(status.RaftIndex >= status.RaftAppliedIndex);
        Assert.True(status.DbSize > 0);
        Assert.Empty(status.Errors);
    }

    [Fact]
    public async Task The_leadership_goes_to_voters_only()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        Assert.Equal(
            (StatusCode.FailedPrecondition, "etcdserver: bad leader transferee"),
            await client.FailAsync<MoveLeaderRequest, MoveLeaderResponse>(
                "etcdserverpb.Maintenance/MoveLeader", new MoveLeaderRequest { TargetID = 0x1234 }));
    }

    [Fact]
    public async Task Defragmenting_succeeds_and_downgrading_has_no_target()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        DefragmentResponse done = await client.CallAsync<DefragmentRequest, DefragmentResponse>(
            "etcdserverpb.Maintenance/Defragment", new());
        Assert.Null(done.Header);
        Assert.Equal(
            (StatusCode.InvalidArgument, "etcdserver: invalid downgrade target version"),
            await client.FailAsync<DowngradeRequest, DowngradeResponse>("etcdserverpb.Maintenance/Downgrade", new()));
    }

    [Fact]
    public async Task Authentication_is_disabled_and_there_are_no_users()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        AuthStatusResponse status = await client.CallAsync<AuthStatusRequest, AuthStatusResponse>(
            "etcdserverpb.Auth/AuthStatus", new());
        Assert.False(status.Enabled);
        AuthUserListResponse users = await client.CallAsync<AuthUserListRequest, AuthUserListResponse>(
            "etcdserverpb.Auth/UserList", new());
        Assert.Empty(users.Users);
        Assert.Equal(
            (StatusCode.FailedPrecondition, "etcdserver: authentication is not enabled"),
            await client.FailAsync<AuthenticateRequest, AuthenticateResponse>("etcdserverpb.Auth/Authenticate", new()));
        Assert.Equal(
            (StatusCode.FailedPrecondition, "etcdserver: user name not found"),
            await client.FailAsync<AuthUserGetRequest, AuthUserGetResponse>(
                "etcdserverpb.Auth/UserGet", new AuthUserGetRequest { Name = "nobody" }));
    }
}
