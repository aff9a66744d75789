using System.Text;
using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>A gate: while it is closed, whoever comes waits. Thread-safe.</summary>
/// <remarks>
/// It is the key with its name, as in etcd's recipe: closed while the key exists. Without a quorum waiting goes on,
/// until it is cancelled.
/// </remarks>
public sealed class DistributedBarrier
{
    private readonly IKeyValueStore _store;
    private readonly TimeProvider _clock;
    private readonly KeyRange _key;

    /// <summary>Names a barrier.</summary>
    /// <param name="store">The store.</param>
    /// <param name="name">The name, which is the key.</param>
    /// <param name="timeProvider">The clock for pauses when the store is out of reach; the system's if null.</param>
    public DistributedBarrier(IKeyValueStore store, string name, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _store = store;
        _clock = timeProvider ?? TimeProvider.System;
        _key = new(Encoding.UTF8.GetBytes(name));
    }

    /// <summary>Closes it, unless it is closed.</summary>
    /// <param name="session">If given, it opens by itself when this session ends; else it stays closed.</param>
    /// <param name="cancellationToken">Stops waiting; it may be closed all the same.</param>
    /// <returns>Whether this call closed it; false if it was closed.</returns>
    /// <exception cref="SessionLostException">The session is lost; nothing happened.</exception>
    /// <exception cref="CoordException">The outcome says whether it may be closed.</exception>
    public async ValueTask<bool> CloseAsync(
        CoordinationSession? session = null, CancellationToken cancellationToken = default)
    {
        session?.ThrowIfLost();
        PutOptions options = new() { Lease = session?.Lease ?? LeaseId.None };
        Transaction close = Transaction.If(Comparison.Missing(_key)).Then(Operation.Put(_key.Key, default, options));
        try
        {
            TransactionResult closed = await _store.CommitAsync(close, cancellationToken).ConfigureAwait(false);
            return closed.Succeeded;
        }
        catch (LeaseNotFoundException) when (session is not null)
        {
            session.OnLeaseNotFound();
            throw new SessionLostException(session.Lease);
        }
    }

    /// <summary>Opens it: everybody who waits goes on.</summary>
    /// <param name="cancellationToken">Stops waiting; it may be opened all the same.</param>
    /// <returns>Whether it was closed.</returns>
    /// <exception cref="CoordException">The outcome says whether it may be open.</exception>
    public async ValueTask<bool> OpenAsync(CancellationToken cancellationToken = default)
    {
        DeleteResult opened = await _store.DeleteAsync(_key, null, cancellationToken).ConfigureAwait(false);
        return opened.Deleted > 0;
    }

    /// <summary>Waits until it is open. It may be closed again by the time that this returns.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CoordException">The store refused for a reason that does not pass.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellationToken = default)
    {
        KeyValue? closed = null;
        while (true)
        {
            GetResult now = await StoreRetry.UntilAnsweredAsync(
                stop => _store.GetAsync(_key, null, stop), _clock, cancellationToken).ConfigureAwait(false);
            closed ??= now.First;

            // Created anew since the first look: it was open in between, which is all that was waited for.
            if (now.First is null || now.First.CreateRevision != closed!.CreateRevision)
                return;

            await KeyChanges.WaitAsync(
                _store,
                _key,
                now.Revision,
                static change => change.Kind is WatchEventKind.Delete,
                _clock,
                cancellationToken).ConfigureAwait(false);
        }
    }
}
