using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>The Cluster service over gRPC.</summary>
internal sealed class ClusterService(ClusterHandler handler) : Cluster.ClusterBase
{
    public override Task<MemberListResponse> MemberList(MemberListRequest request, ServerCallContext context) =>
        handler.MemberListAsync(request, context.CancellationToken).AsTask();

    public override Task<MemberAddResponse> MemberAdd(MemberAddRequest request, ServerCallContext context) =>
        handler.MemberAddAsync(request, context.CancellationToken).AsTask();

    public override Task<MemberRemoveResponse> MemberRemove(MemberRemoveRequest request, ServerCallContext context) =>
        handler.MemberRemoveAsync(request, context.CancellationToken).AsTask();

    public override Task<MemberUpdateResponse> MemberUpdate(MemberUpdateRequest request, ServerCallContext context) =>
        handler.MemberUpdateAsync(request, context.CancellationToken).AsTask();

    public override Task<MemberPromoteResponse> MemberPromote(
        MemberPromoteRequest request, ServerCallContext context) =>
        handler.MemberPromoteAsync(request, context.CancellationToken).AsTask();
}
