using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Coord.Raft;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>The KV service over gRPC.</summary>
internal sealed class KvService(KvHandler handler, EtcdMember member) : KV.KVBase
{
    public override Task<RangeResponse> Range(RangeRequest request, ServerCallContext context) =>
        handler.RangeAsync(request, context.CancellationToken).AsTask();

    public override Task<PutResponse> Put(PutRequest request, ServerCallContext context) =>
        handler.PutAsync(request, TicketOf(context), context.CancellationToken).AsTask();

    public override Task<DeleteRangeResponse> DeleteRange(DeleteRangeRequest request, ServerCallContext context) =>
        handler.DeleteRangeAsync(request, TicketOf(context), context.CancellationToken).AsTask();

    public override Task<TxnResponse> Txn(TxnRequest request, ServerCallContext context) =>
        handler.TxnAsync(request, TicketOf(context), context.CancellationToken).AsTask();

    public override Task<CompactionResponse> Compact(CompactionRequest request, ServerCallContext context) =>
        handler.CompactAsync(request, TicketOf(context), context.CancellationToken).AsTask();

    private SessionTicket TicketOf(ServerCallContext context) => SessionMetadata.TicketOf(context, member);
}
