using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>The Lease service over gRPC.</summary>
internal sealed class LeaseService(LeaseHandler handler, StreamScope scope, EtcdMember member) : Lease.LeaseBase
{
    public override Task<LeaseGrantResponse> LeaseGrant(LeaseGrantRequest request, ServerCallContext context) =>
        handler.GrantAsync(request, SessionMetadata.TicketOf(context, member), context.CancellationToken).AsTask();

    public override Task<LeaseRevokeResponse> LeaseRevoke(LeaseRevokeRequest request, ServerCallContext context) =>
        handler.RevokeAsync(request, SessionMetadata.TicketOf(context, member), context.CancellationToken).AsTask();

    public override Task LeaseKeepAlive(
        IAsyncStreamReader<LeaseKeepAliveRequest> requestStream,
        IServerStreamWriter<LeaseKeepAliveResponse> responseStream,
        ServerCallContext context) =>
        scope.RunAsync(
            EtcdInterceptor.RequiresLeader(context),
            cancellationToken => KeepAliveStream.RunAsync(
                requestStream,
                responseStream,
                (request, cancelled) => handler.KeepAliveAsync(request, cancelled).AsTask(),
                cancellationToken),
            context.CancellationToken);

    public override Task<LeaseTimeToLiveResponse> LeaseTimeToLive(
        LeaseTimeToLiveRequest request, ServerCallContext context) =>
        handler.TimeToLiveAsync(request, context.CancellationToken).AsTask();

    public override Task<LeaseLeasesResponse> LeaseLeases(LeaseLeasesRequest request, ServerCallContext context) =>
        handler.LeasesAsync(request, context.CancellationToken).AsTask();
}
