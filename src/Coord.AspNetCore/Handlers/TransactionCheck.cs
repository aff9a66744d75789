using Coord.Kv;
using Coord.Protocol.Etcd;
using Google.Protobuf;

namespace Coord.AspNetCore.Handlers;

/// <summary>What etcd refuses about a request before it looks at the store, in etcd's order.</summary>
internal static class TransactionCheck
{
    /// <exception cref="EtcdException">The request is refused.</exception>
    public static void Check(RangeRequest request) => CheckKey(request.Key);

    /// <exception cref="EtcdException">The request is refused.</exception>
    public static void Check(PutRequest request)
    {
        CheckKey(request.Key);
        if (request.IgnoreValue && !request.Value.IsEmpty)
            throw EtcdError.ValueProvided.ToException();
        if (request.IgnoreLease && request.Lease != 0)
            throw EtcdError.LeaseProvided.ToException();
    }

    /// <exception cref="EtcdException">The request is refused.</exception>
    public static void Check(DeleteRangeRequest request) => CheckKey(request.Key);

    /// <param name="request">The transaction.</param>
    /// <param name="maxOperations">How many operations it may have.</param>
    /// <exception cref="EtcdException">The request is refused.</exception>
    /// <returns>The transaction, as the store takes it.</returns>
    public static Transaction Check(TxnRequest request, int maxOperations)
    {
        CheckOperations(request, maxOperations);
        Transaction transaction = TransactionWire.Transaction(request);
        if (transaction.TryFindConflict(out _))
            throw EtcdError.DuplicateKey.ToException();
        return transaction;
    }

    private static void CheckKey(ByteString key)
    {
        if (key.IsEmpty)
            throw EtcdError.EmptyKey.ToException();
    }

    private static void CheckOperations(TxnRequest request, int maxOperations)
    {
        int operations = Math.Max(request.Compare.Count, Math.Max(request.Success.Count, request.Failure.Count));
        if (operations > maxOperations)
            throw EtcdError.TooManyOperations.ToException();

        foreach (Compare compare in request.Compare)
            CheckKey(compare.Key);
        foreach (RequestOp operation in request.Success)
            CheckOperation(operation, maxOperations - operations);
        foreach (RequestOp operation in request.Failure)
            CheckOperation(operation, maxOperations - operations);
    }

    private static void CheckOperation(RequestOp operation, int budget)
    {
        switch (operation.RequestCase)
        {
            case RequestOp.RequestOneofCase.RequestRange: Check(operation.RequestRange); break;
            case RequestOp.RequestOneofCase.RequestPut: Check(operation.RequestPut); break;
            case RequestOp.RequestOneofCase.RequestDeleteRange: Check(operation.RequestDeleteRange); break;
            case RequestOp.RequestOneofCase.RequestTxn: CheckOperations(operation.RequestTxn, budget); break;

            // An operation without content; etcd's word for it.
            default: throw EtcdError.KeyNotFound.ToException();
        }
    }
}
