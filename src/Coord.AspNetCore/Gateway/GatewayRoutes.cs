using System.Collections.Frozen;
using Coord.AspNetCore.Http;
using Coord.AspNetCore.Services;
using Coord.Protocol.Etcd;
using Coord.Protocol.V3Election;
using Coord.Protocol.V3Lock;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Coord.AspNetCore.Gateway;

/// <summary>The paths of etcd's JSON API, and the service that answers each.</summary>
/// <remarks>
/// The calls go through the same services and the same interceptor as those over gRPC, so that the two faces cannot
/// drift apart. Paths are compared to the letter, case included.
/// </remarks>
internal sealed class GatewayRoutes
{
    private const string Prefix = "/v3/";
    private const string OldPrefix = "/v3beta/";

    private readonly Dictionary<string, GatewayCall> _building = new(StringComparer.Ordinal);
    private readonly FrozenDictionary<string, GatewayCall> _calls;
    private readonly EtcdInterceptor _interceptor;
    private readonly int _maxMessageBytes;

    public GatewayRoutes(
        EtcdInterceptor interceptor,
        KvService kv,
        WatchService watch,
        LeaseService lease,
        ClusterService cluster,
        MaintenanceService maintenance,
        AuthService auth,
        LockService locks,
        ElectionService election,
        IOptions<EtcdApiOptions> options)
    {
        _interceptor = interceptor;
        _maxMessageBytes = options.Value.MaxRequestBytes + MessageLimit.OverheadBytes;
        AddStore(kv, watch, lease);
        AddCluster(cluster, maintenance);
        AddAuth(auth);
        AddRecipes(locks, election);
        _calls = _building.ToFrozenDictionary(StringComparer.Ordinal);
        _building.Clear();
    }

    /// <summary>Answers a request for a path below <c>/v3</c> or <c>/v3beta</c>.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        if (path.StartsWith(OldPrefix, StringComparison.Ordinal))
            path = Prefix + path[OldPrefix.Length..];
        if (!_calls.TryGetValue(path, out GatewayCall? call))
        {
            await RefuseAsync(context, path).ConfigureAwait(false);
            return;
        }

        if (WebSocketHandshake.IsAsked(context))
        {
            await WebSocketCall.AnswerAsync(context, call, _maxMessageBytes).ConfigureAwait(false);
            return;
        }

        if (await PlainAnswer.RefusedAsync(context, HttpMethods.Post).ConfigureAwait(false))
            return;

        // The gateway has a limit of its own, by message; streams have many in one body.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        await call.InvokeAsync(context, _maxMessageBytes).ConfigureAwait(false);
    }

    private static Task RefuseAsync(HttpContext context, string path)
    {
        if (path + "/" == Prefix)
        {
            context.Response.Redirect(Prefix, permanent: true);
            return Task.CompletedTask;
        }

        string text = path.StartsWith(Prefix, StringComparison.Ordinal) ? "Not Found\n" : "404 page not found\n";
        return PlainAnswer.WriteAsync(context, StatusCodes.Status404NotFound, PlainAnswer.Text, text);
    }

    private void AddStore(KvService kv, WatchService watch, LeaseService lease)
    {
        const string Kv = "/etcdserverpb.KV/";
        Unary("kv/range", Kv + "Range", RangeRequest.Parser, kv.Range);
        Unary("kv/put", Kv + "Put", PutRequest.Parser, kv.Put);
        Unary("kv/deleterange", Kv + "DeleteRange", DeleteRangeRequest.Parser, kv.DeleteRange);
        Unary("kv/txn", Kv + "Txn", TxnRequest.Parser, kv.Txn);
        Unary("kv/compaction", Kv + "Compact", CompactionRequest.Parser, kv.Compact);

        Add("watch", new DuplexCall<WatchRequest, WatchResponse>(
            "/etcdserverpb.Watch/Watch", WatchRequest.Parser, watch.Watch, _interceptor));

        const string Lease = "/etcdserverpb.Lease/";
        Unary("lease/grant", Lease + "LeaseGrant", LeaseGrantRequest.Parser, lease.LeaseGrant);
        Add("lease/keepalive", new DuplexCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse>(
            Lease + "LeaseKeepAlive", LeaseKeepAliveRequest.Parser, lease.LeaseKeepAlive, _interceptor));

        // Three have an old name too.
        foreach (string prefix in (ReadOnlySpan<string>)["lease/", "kv/lease/"])
        {
            Unary(prefix + "revoke", Lease + "LeaseRevoke", LeaseRevokeRequest.Parser, lease.LeaseRevoke);
            Unary(
                prefix + "timetolive",
                Lease + "LeaseTimeToLive",
                LeaseTimeToLiveRequest.Parser,
                lease.LeaseTimeToLive);
            Unary(prefix + "leases", Lease + "LeaseLeases", LeaseLeasesRequest.Parser, lease.LeaseLeases);
        }
    }

    private void AddCluster(ClusterService cluster, MaintenanceService maintenance)
    {
        const string Cluster = "/etcdserverpb.Cluster/";
        Unary("cluster/member/add", Cluster + "MemberAdd", MemberAddRequest.Parser, cluster.MemberAdd);
        Unary("cluster/member/remove", Cluster + "MemberRemove", MemberRemoveRequest.Parser, cluster.MemberRemove);
        Unary("cluster/member/update", Cluster + "MemberUpdate", MemberUpdateRequest.Parser, cluster.MemberUpdate);
        Unary("cluster/member/list", Cluster + "MemberList", MemberListRequest.Parser, cluster.MemberList);
        Unary("cluster/member/promote", Cluster + "MemberPromote", MemberPromoteRequest.Parser, cluster.MemberPromote);

        const string Maintenance = "/etcdserverpb.Maintenance/";
        Unary("maintenance/alarm", Maintenance + "Alarm", AlarmRequest.Parser, maintenance.Alarm);
        Unary("maintenance/status", Maintenance + "Status", StatusRequest.Parser, maintenance.Status);
        Unary("maintenance/defragment", Maintenance + "Defragment", DefragmentRequest.Parser, maintenance.Defragment);
        Add("maintenance/snapshot", new ServerStreamCall<SnapshotRequest, SnapshotResponse>(
            Maintenance + "Snapshot", SnapshotRequest.Parser, maintenance.Snapshot, _interceptor));
        Unary(
            "maintenance/transfer-leadership",
            Maintenance + "MoveLeader",
            MoveLeaderRequest.Parser,
            maintenance.MoveLeader);
        Unary("maintenance/downgrade", Maintenance + "Downgrade", DowngradeRequest.Parser, maintenance.Downgrade);

        // Until 3.4 the hash of a revision was at the path of the other, and hid it; later ones moved it. An answer
        // without a compacted revision looks the same, so one path can serve the old, and the new one has its own.
        Unary("maintenance/hash", Maintenance + "Hash", HashRequest.Parser, maintenance.Hash);
        Unary("maintenance/hashkv", Maintenance + "HashKV", HashKVRequest.Parser, maintenance.HashKV);
    }

    private void AddAuth(AuthService auth)
    {
        const string Auth = "/etcdserverpb.Auth/";
        Unary("auth/enable", Auth + "AuthEnable", AuthEnableRequest.Parser, auth.AuthEnable);
        Unary("auth/disable", Auth + "AuthDisable", AuthDisableRequest.Parser, auth.AuthDisable);
        Unary("auth/status", Auth + "AuthStatus", AuthStatusRequest.Parser, auth.AuthStatus);
        Unary("auth/authenticate", Auth + "Authenticate", AuthenticateRequest.Parser, auth.Authenticate);
        Unary("auth/user/add", Auth + "UserAdd", AuthUserAddRequest.Parser, auth.UserAdd);
        Unary("auth/user/get", Auth + "UserGet", AuthUserGetRequest.Parser, auth.UserGet);
        Unary("auth/user/list", Auth + "UserList", AuthUserListRequest.Parser, auth.UserList);
        Unary("auth/user/delete", Auth + "UserDelete", AuthUserDeleteRequest.Parser, auth.UserDelete);
        Unary(
            "auth/user/changepw",
            Auth + "UserChangePassword",
            AuthUserChangePasswordRequest.Parser,
            auth.UserChangePassword);
        Unary("auth/user/grant", Auth + "UserGrantRole", AuthUserGrantRoleRequest.Parser, auth.UserGrantRole);
        Unary("auth/user/revoke", Auth + "UserRevokeRole", AuthUserRevokeRoleRequest.Parser, auth.UserRevokeRole);
        Unary("auth/role/add", Auth + "RoleAdd", AuthRoleAddRequest.Parser, auth.RoleAdd);
        Unary("auth/role/get", Auth + "RoleGet", AuthRoleGetRequest.Parser, auth.RoleGet);
        Unary("auth/role/list", Auth + "RoleList", AuthRoleListRequest.Parser, auth.RoleList);
        Unary("auth/role/delete", Auth + "RoleDelete", AuthRoleDeleteRequest.Parser, auth.RoleDelete);
        Unary(
            "auth/role/grant",
            Auth + "RoleGrantPermission",
            AuthRoleGrantPermissionRequest.Parser,
            auth.RoleGrantPermission);
        Unary(
            "auth/role/revoke",
            Auth + "RoleRevokePermission",
            AuthRoleRevokePermissionRequest.Parser,
            auth.RoleRevokePermission);
    }

    private void AddRecipes(LockService locks, ElectionService election)
    {
        Unary("lock/lock", "/v3lockpb.Lock/Lock", LockRequest.Parser, locks.Lock);
        Unary("lock/unlock", "/v3lockpb.Lock/Unlock", UnlockRequest.Parser, locks.Unlock);

        const string Election = "/v3electionpb.Election/";
        Unary("election/campaign", Election + "Campaign", CampaignRequest.Parser, election.Campaign);
        Unary("election/proclaim", Election + "Proclaim", ProclaimRequest.Parser, election.Proclaim);
        Unary("election/leader", Election + "Leader", LeaderRequest.Parser, election.Leader);
        Add("election/observe", new ServerStreamCall<LeaderRequest, LeaderResponse>(
            Election + "Observe", LeaderRequest.Parser, election.Observe, _interceptor));
        Unary("election/resign", Election + "Resign", ResignRequest.Parser, election.Resign);
    }

    private void Unary<TRequest, TResponse>(
        string path, string method, MessageParser<TRequest> parser, UnaryServerMethod<TRequest, TResponse> service)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse> =>
        Add(path, new UnaryCall<TRequest, TResponse>(method, parser, service, _interceptor));

    private void Add(string path, GatewayCall call) => _building.Add(Prefix + path, call);
}
