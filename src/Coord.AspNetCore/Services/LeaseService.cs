using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>The Lease service over gRPC.</summary>
internal sealed class LeaseService(LeaseHandler handler, StreamScope scope) : Lease.LeaseBase
{
    public override Task<LeaseGrantResponse> LeaseGrant(LeaseGrantRequest request, ServerCallContext context) =>
        handler.GrantAsync(request, context.CancellationToken).AsTask();

    public override Task<LeaseRevokeResponse> LeaseRevoke(LeaseRevokeRequest request, ServerCallContext context) =>
        handler.RevokeAsync(request, context.CancellationToken).AsTask();

    public override Task LeaseKeepAlive(
        IAsyncStreamReader<LeaseKeepAliveRequest> requestStream,
        IServerStreamWriter<LeaseKeepAliveResponse> responseStream,
        ServerCallContext context)
    {
        return scope.RunAsync(EtcdInterceptor.RequiresLeader(context), RunAsync, context.CancellationToken);

        async Task RunAsync(CancellationToken cancellationToken)
        {
            while (await requestStream.MoveNext(cancellationToken).ConfigureAwait(false))
            {
                LeaseKeepAliveResponse response = await handler
                    .KeepAliveAsync(requestStream.Current, cancellationToken)
                    .ConfigureAwait(false);
                await responseStream.WriteAsync(response, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override Task<LeaseTimeToLiveResponse> LeaseTimeToLive(
        LeaseTimeToLiveRequest request, ServerCallContext context) =>
        handler.TimeToLiveAsync(request, context.CancellationToken).AsTask();

    public override Task<LeaseLeasesResponse> LeaseLeases(LeaseLeasesRequest request, ServerCallContext context) =>
        handler.LeasesAsync(request, context.CancellationToken).AsTask();
}
