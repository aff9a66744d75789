using Coord.Kv;
using Coord.Protocol.Etcd;
using Coord.Raft;

namespace Coord.AspNetCore.Handlers;

/// <summary>Answers the KV service, whatever carried the request.</summary>
internal sealed class KvHandler(EtcdMember member)
{
    /// <exception cref="EtcdException">The request is wrong. What the store throws passes through.</exception>
    public async ValueTask<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellationToken)
    {
        TransactionCheck.Check(request);
        GetResult result = await member.Store
            .GetAsync(Wire.Range(request.Key, request.RangeEnd), Wire.Options(request), cancellationToken)
            .ConfigureAwait(false);
        RangeResponse response = new() { Header = member.Header(result.Revision) };
        Wire.Fill(response, result);
        return response;
    }

    /// <exception cref="EtcdException">The request is wrong. What the store throws passes through.</exception>
    public async ValueTask<PutResponse> PutAsync(
        PutRequest request, SessionTicket ticket, CancellationToken cancellationToken)
    {
        TransactionCheck.Check(request);
        member.CheckSize(request.CalculateSize());
        PutResult result = await member.Store.InSession(ticket)
            .PutAsync(request.Key.Memory, request.Value.Memory, Wire.Options(request), cancellationToken)
            .ConfigureAwait(false);
        return new PutResponse
        {
            Header = member.Header(result.Revision),
            PrevKv = result.Previous is null ? null : Wire.KeyValue(result.Previous),
        };
    }

    /// <exception cref="EtcdException">The request is wrong. What the store throws passes through.</exception>
    public async ValueTask<DeleteRangeResponse> DeleteRangeAsync(
        DeleteRangeRequest request, SessionTicket ticket, CancellationToken cancellationToken)
    {
        TransactionCheck.Check(request);
        member.CheckSize(request.CalculateSize());
        DeleteResult result = await member.Store.InSession(ticket)
            .DeleteAsync(Wire.Range(request.Key, request.RangeEnd), Wire.Options(request), cancellationToken)
            .ConfigureAwait(false);
        DeleteRangeResponse response = new() { Header = member.Header(result.Revision) };
        Wire.Fill(response, result);
        return response;
    }

    /// <exception cref="EtcdException">The request is wrong. What the store throws passes through.</exception>
    public async ValueTask<TxnResponse> TxnAsync(
        TxnRequest request, SessionTicket ticket, CancellationToken cancellationToken)
    {
        Transaction transaction = TransactionCheck.Check(request, member.Options.MaxTransactionOperations);
        member.CheckSize(request.CalculateSize());
        TransactionResult result = await member.Store.InSession(ticket)
            .CommitAsync(transaction, cancellationToken)
            .ConfigureAwait(false);
        TxnResponse response = TransactionWire.Response(result);
        response.Header = member.Header(result.Revision);
        return response;
    }

    /// <exception cref="CompactedException">The revision has been compacted already.</exception>
    /// <exception cref="FutureRevisionException">The revision does not exist yet.</exception>
    public async ValueTask<CompactionResponse> CompactAsync(
        CompactionRequest request, SessionTicket ticket, CancellationToken cancellationToken)
    {
        // Nothing below the first revision is there to be forgotten; to etcd's clients it is forgotten already.
        if (request.Revision <= 0)
            throw EtcdError.Compacted.ToException();

        CompactOptions? options = request.Physical ? new CompactOptions { WaitForRemoval = true } : null;
        Revision revision = await member.Store.InSession(ticket)
            .CompactAsync(new Revision(request.Revision), options, cancellationToken)
            .ConfigureAwait(false);
        return new CompactionResponse { Header = member.Header(revision) };
    }
}
