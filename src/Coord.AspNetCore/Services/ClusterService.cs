using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>The Cluster service over gRPC.</summary>
internal sealed class ClusterService(ClusterHandler handler) : Cluster.ClusterBase
{
    public override Task<MemberListResponse> MemberList(MemberListRequest request, ServerCallContext context) =>
        handler.MemberListAsync(request, context.CancellationToken).AsTask();
}
