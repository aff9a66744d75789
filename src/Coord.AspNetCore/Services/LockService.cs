using Coord.AspNetCore.Handlers;
using Coord.Protocol.V3Lock;
using Grpc.Core;
using LockBase = Coord.Protocol.V3Lock.Lock.LockBase;

namespace Coord.AspNetCore.Services;

/// <summary>The Lock service over gRPC.</summary>
internal sealed class LockService(LockHandler handler) : LockBase
{
    public override Task<LockResponse> Lock(LockRequest request, ServerCallContext context) =>
        handler.LockAsync(request, context.CancellationToken).AsTask();

    public override Task<UnlockResponse> Unlock(UnlockRequest request, ServerCallContext context) =>
        handler.UnlockAsync(request, context.CancellationToken).AsTask();
}
