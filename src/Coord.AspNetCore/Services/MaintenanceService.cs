using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>The Maintenance service over gRPC.</summary>
internal sealed class MaintenanceService(MaintenanceHandler handler, StreamScope scope)
    : Maintenance.MaintenanceBase
{
    public override Task<AlarmResponse> Alarm(AlarmRequest request, ServerCallContext context) =>
        handler.AlarmAsync(request, context.CancellationToken).AsTask();

    public override Task<StatusResponse> Status(StatusRequest request, ServerCallContext context) =>
        Task.FromResult(handler.Status());

    public override Task<DefragmentResponse> Defragment(DefragmentRequest request, ServerCallContext context) =>
        Task.FromResult(MaintenanceHandler.Defragment());

    public override Task<HashResponse> Hash(HashRequest request, ServerCallContext context) =>
        handler.HashAsync(context.CancellationToken).AsTask();

    public override Task<HashKVResponse> HashKV(HashKVRequest request, ServerCallContext context) =>
        handler.HashKvAsync(request, context.CancellationToken).AsTask();

    public override Task Snapshot(
        SnapshotRequest request, IServerStreamWriter<SnapshotResponse> responseStream, ServerCallContext context) =>
        scope.RunAsync(
            EtcdInterceptor.RequiresLeader(context),
            cancellationToken => handler.SnapshotAsync(
                response => responseStream.WriteAsync(response, cancellationToken), cancellationToken),
            context.CancellationToken);

    public override Task<MoveLeaderResponse> MoveLeader(MoveLeaderRequest request, ServerCallContext context) =>
        handler.MoveLeaderAsync(request, context.CancellationToken).AsTask();

    public override Task<DowngradeResponse> Downgrade(DowngradeRequest request, ServerCallContext context) =>
        Task.FromResult(MaintenanceHandler.Downgrade(request));
}
