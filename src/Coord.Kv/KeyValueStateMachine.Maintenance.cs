using Coord.Kv.Mvcc;

namespace Coord.Kv;

/// <content>Checksums, and the removal of what was compacted.</content>
public sealed partial class KeyValueStateMachine
{
    private const int ChangesReclaimedPerStep = 4096;

    /// <summary>Tells whether a compaction has yet to be counted; commands do that.</summary>
    internal bool IsCompacting()
    {
        lock (_lock)
            return _state.Store.IsCompacting;
    }

    /// <summary>Frees memory that nobody needs any more, a bounded piece of it.</summary>
    /// <returns>Whether there is more.</returns>
    internal bool Reclaim()
    {
        _rightOfWay.GiveWay();
        lock (_lock)
        {
            _state.Store.Reclaim(ChangesReclaimedPerStep);
            bool isMore = _state.Store.IsReclaimable;
            GC.KeepAlive(this);
            return isMore;
        }
    }

    /// <summary>Computes the checksum up to a revision; zero is the present one.</summary>
    internal KeyValueHash Hash(long revision, CancellationToken cancellationToken)
    {
        MvccStore store;
        StoreHash hash;
        KeyValueHash result;
        long pin;
        lock (_lock)
        {
            store = _state.Store;
            long upTo = revision <= 0 ? store.Revision : revision;
            if (upTo > store.Revision)
                throw new FutureRevisionException(new(store.Revision));
            if (upTo < store.CompactedRevision)
                throw new CompactedException(new(store.CompactedRevision));

            hash = new(upTo, store.CompactedRevision);
            result = new(0, new(upTo), new(store.CompactedRevision), new(store.Revision));
            pin = store.Changes.Find(store.CompactedRevision + 1);
            store.Pin(pin);
        }

        try
        {
            while (!hash.IsDone)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _rightOfWay.GiveWay();
                lock (_lock)
                    store.Step(hash, KeysPerStep);
            }
        }
        finally
        {
            lock (_lock)
                store.Unpin(pin);
            GC.KeepAlive(store);
        }

        return result with { Hash = hash.Value };
    }
}
