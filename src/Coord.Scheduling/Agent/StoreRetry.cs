using Coord.Raft;

namespace Coord.Scheduling.Agent;

/// <summary>What the scheduler does when the store is out of reach for a while.</summary>
internal static class StoreRetry
{
    /// <summary>How long to wait before another try: long enough to be no load, short beside an election.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Repeats a call that does no harm when it happens twice, until it is answered.</summary>
    public static async Task<T> UntilAnsweredAsync<T>(
        Func<CancellationToken, ValueTask<T>> call, TimeProvider clock, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await call(cancellationToken).ConfigureAwait(false);
            }
            catch (CoordException)
            {
                // Whether it happened or not: the next try finds out.
                await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
