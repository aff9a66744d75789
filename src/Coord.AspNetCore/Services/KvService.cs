using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>The KV service over gRPC.</summary>
internal sealed class KvService(KvHandler handler) : KV.KVBase
{
    public override Task<RangeResponse> Range(RangeRequest request, ServerCallContext context) =>
        handler.RangeAsync(request, context.CancellationToken).AsTask();

    public override Task<PutResponse> Put(PutRequest request, ServerCallContext context) =>
        handler.PutAsync(request, context.CancellationToken).AsTask();

    public override Task<DeleteRangeResponse> DeleteRange(DeleteRangeRequest request, ServerCallContext context) =>
        handler.DeleteRangeAsync(request, context.CancellationToken).AsTask();

    public override Task<TxnResponse> Txn(TxnRequest request, ServerCallContext context) =>
        handler.TxnAsync(request, context.CancellationToken).AsTask();

    public override Task<CompactionResponse> Compact(CompactionRequest request, ServerCallContext context) =>
        handler.CompactAsync(request, context.CancellationToken).AsTask();
}
