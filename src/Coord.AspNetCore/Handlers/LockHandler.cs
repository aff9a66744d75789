using Coord.Kv;
using Coord.Protocol.V3Lock;

namespace Coord.AspNetCore.Handlers;

/// <summary>Answers the Lock service, whatever carried the request.</summary>
/// <remarks>
/// A lock is held as long as its key is there, and the key as long as its lease. Who holds it may not know that it has
/// ended; the key's create revision grows with each holder and can be checked by what the lock protects.
/// </remarks>
internal sealed class LockHandler(EtcdMember member)
{
    /// <exception cref="EtcdException">The lease ended before the lock was had, or does not exist.</exception>
    public async ValueTask<LockResponse> LockAsync(LockRequest request, CancellationToken cancellationToken)
    {
        EmbeddedKeyValueStore store = member.Store;
        KeyRange contenders = Contenders.Range(request.Name);
        LeaseId lease = await Contenders.LeaseAsync(store, request.Lease, cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> key = Contenders.Key(request.Name, lease);
        Transaction enter = Transaction.If(Comparison.Missing(KeyRange.Single(key)))
            .Then(
                Operation.Put(key, default, new PutOptions { Lease = lease }),
                Operation.Get(contenders, Contenders.First))
            .Else(Operation.Get(KeyRange.Single(key)), Operation.Get(contenders, Contenders.First));
        TransactionResult entered = await CommitAsync(enter, cancellationToken).ConfigureAwait(false);
        Revision created = entered.Succeeded
            ? entered.Revision
            : entered.Results[0].Get!.First!.CreateRevision;
        Revision held = entered.Revision;
        if (entered.Results[1].Get!.First!.CreateRevision != created)
            held = await WaitAsync(contenders, key, created, cancellationToken).ConfigureAwait(false);
        return new LockResponse { Header = member.Header(held), Key = Wire.Bytes(key) };
    }

    public async ValueTask<UnlockResponse> UnlockAsync(UnlockRequest request, CancellationToken cancellationToken)
    {
        if (request.Key.IsEmpty)
            throw EtcdError.EmptyKey.Unwrapped().ToException();

        DeleteResult result = await member.Store
            .DeleteAsync(KeyRange.Single(request.Key.Memory), null, cancellationToken)
            .ConfigureAwait(false);
        return new UnlockResponse { Header = member.Header(result.Revision) };
    }

    private async ValueTask<Revision> WaitAsync(
        KeyRange contenders, ReadOnlyMemory<byte> key, Revision created, CancellationToken cancellationToken)
    {
        Revision alone;
        try
        {
            alone = await Contenders.WaitAsync(member.Store, contenders, created, cancellationToken)
                .ConfigureAwait(false);
        }
        catch
        {
            // Nobody waits any more, so nobody must wait for it.
            await Contenders.RemoveAsync(member.Store, key, created, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        // The lease may have ended while it waited; then the next one has the lock and not this one.
        return await Contenders.IsThereAsync(member.Store, key, created, cancellationToken).ConfigureAwait(false)
            ? alone
            : throw EtcdError.LockSessionExpired.ToException();
    }

    private async ValueTask<TransactionResult> CommitAsync(Transaction transaction, CancellationToken cancellationToken)
    {
        try
        {
            return await member.Store.CommitAsync(transaction, cancellationToken).ConfigureAwait(false);
        }
        catch (LeaseNotFoundException exception)
        {
            throw EtcdError.LeaseNotFound.Unwrapped().ToException(exception);
        }
    }
}
