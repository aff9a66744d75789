using Coord.Kv;
using Coord.Raft;

namespace Coord.Scheduling.Agent;

/// <summary>
/// Follows all keys with a prefix: their state first, then every change, and the state anew after a gap.
/// </summary>
internal sealed class NodeFeed(IKeyValueStore store, string prefix, TimeProvider clock)
{
    /// <summary>Runs until it is cancelled; then it ends with <see cref="OperationCanceledException"/>.</summary>
    /// <param name="onState">Takes all keys: what is not among them does not exist.</param>
    /// <param name="onChange">Takes a change of one of them.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(
        Action<IReadOnlyList<KeyValue>> onState, Action<WatchEvent> onChange, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                GetResult state = await store.GetPrefixAsync(prefix, null, cancellationToken).ConfigureAwait(false);
                onState(state.KeyValues);
                WatchOptions after = new() { StartRevision = state.Revision.Next };
                await foreach (WatchBatch batch in store.WatchPrefixAsync(prefix, after, cancellationToken)
                    .ConfigureAwait(false))
                {
                    foreach (WatchEvent change in batch.Events)
                        onChange(change);
                }
            }
            catch (CoordException)
            {
                // Compacted, or out of reach. The state tells what was missed.
            }

            await Task.Delay(StoreRetry.Pause, clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
