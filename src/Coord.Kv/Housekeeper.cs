using Coord.Kv.Leases;
using Coord.Raft;

namespace Coord.Kv;

/// <summary>
/// Does for a member what has to be done by the clock, a few times a second, until the member stops. One loop.
/// </summary>
/// <remarks>What is due is decided by pure parts that are stepped; this is only the beat.</remarks>
internal sealed class Housekeeper(TimeProvider clock, LeaseKeeper leases)
{
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            using PeriodicTimer timer = new(Beat, clock);
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
                await StepAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The store was disposed, or the member stopped.
        }
    }

    /// <summary>One beat.</summary>
    internal async Task StepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await leases.StepAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (CoordException)
        {
            // There is no leader or no quorum, or another one took over: the next beat looks again.
        }
    }
}
