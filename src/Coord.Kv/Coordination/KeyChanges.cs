using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>Waits for changes of keys.</summary>
internal static class KeyChanges
{
    /// <summary>Returns when a change that is waited for may have happened: look again then.</summary>
    /// <remarks>
    /// There is no lost wake-up: the watch begins at the revision after the look that decided to wait. If that
    /// history is gone, or the store is out of reach, looking again is the answer too.
    /// </remarks>
    /// <param name="store">The store.</param>
    /// <param name="range">Which keys.</param>
    /// <param name="seen">The revision of the look that decided to wait.</param>
    /// <param name="ends">Whether a change is one that is waited for.</param>
    /// <param name="clock">The clock for the pause when the store is out of reach.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task WaitAsync(
        IKeyValueStore store,
        KeyRange range,
        Revision seen,
        Func<WatchEvent, bool> ends,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        try
        {
            WatchOptions options = new() { StartRevision = seen.Next };
            await foreach (WatchBatch batch in store.WatchAsync(range, options, cancellationToken)
                .WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                foreach (WatchEvent change in batch.Events)
                {
                    if (ends(change))
                        return;
                }
            }
        }
        catch (CompactedException)
        {
            return;
        }
        catch (CoordException passing) when (StoreRetry.IsPassing(passing))
        {
            // Looked at below: it shall not be a busy loop.
        }

        await StoreRetry.PauseAsync(clock, cancellationToken).ConfigureAwait(false);
    }
}
