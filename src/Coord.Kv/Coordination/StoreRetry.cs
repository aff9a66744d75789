using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>What the recipes do when the store is out of reach for a while.</summary>
internal static class StoreRetry
{
    /// <summary>How long to wait before another try: long enough to be no load, short beside an election.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Tells whether the same call may succeed later without anybody doing anything about it.</summary>
    public static bool IsPassing(Exception exception) =>
        exception is NotLeaderException or ProposalDroppedException or OutcomeUnknownException or CoordTimeoutException;

    /// <summary>Repeats a call that does no harm when it happens twice, until it is answered.</summary>
    public static async ValueTask<T> UntilAnsweredAsync<T>(
        Func<CancellationToken, ValueTask<T>> call, TimeProvider clock, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await call(cancellationToken).ConfigureAwait(false);
            }
            catch (CoordException passing) when (IsPassing(passing))
            {
                await PauseAsync(clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public static Task PauseAsync(TimeProvider clock, CancellationToken cancellationToken) =>
        Task.Delay(Pause, clock, cancellationToken);
}
