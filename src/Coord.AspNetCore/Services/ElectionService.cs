using Coord.AspNetCore.Handlers;
using Coord.Protocol.V3Election;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>The Election service over gRPC.</summary>
internal sealed class ElectionService(ElectionHandler handler, StreamScope scope) : Election.ElectionBase
{
    public override Task<CampaignResponse> Campaign(CampaignRequest request, ServerCallContext context) =>
        handler.CampaignAsync(request, context.CancellationToken).AsTask();

    public override Task<ProclaimResponse> Proclaim(ProclaimRequest request, ServerCallContext context) =>
        handler.ProclaimAsync(request, context.CancellationToken).AsTask();

    public override Task<LeaderResponse> Leader(LeaderRequest request, ServerCallContext context) =>
        handler.LeaderAsync(request, context.CancellationToken).AsTask();

    public override Task Observe(
        LeaderRequest request, IServerStreamWriter<LeaderResponse> responseStream, ServerCallContext context) =>
        scope.RunAsync(
            EtcdInterceptor.RequiresLeader(context),
            cancellationToken => handler.ObserveAsync(
                request,
                response => responseStream.WriteAsync(response, cancellationToken),
                cancellationToken),
            context.CancellationToken);

    public override Task<ResignResponse> Resign(ResignRequest request, ServerCallContext context) =>
        handler.ResignAsync(request, context.CancellationToken).AsTask();
}
