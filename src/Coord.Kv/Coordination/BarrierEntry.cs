using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>
/// A place within a double barrier, after everybody has entered. Leave, or dispose it to go without waiting for the
/// others. Thread-safe.
/// </summary>
public sealed class BarrierEntry : CoordinationHandle
{
    private readonly DistributedDoubleBarrier _barrier;

    internal BarrierEntry(
        DistributedDoubleBarrier barrier, CoordinationSession session, Turn turn, Revision round)
        : base(session, turn)
    {
        _barrier = barrier;
        Round = round;
    }

    /// <summary>Gets the revision at which the barrier was full: the same for all who entered together.</summary>
    public Revision Round { get; }

    /// <summary>Goes out, and waits until all others who entered have gone, or their sessions have ended.</summary>
    /// <param name="cancellationToken">Stops waiting for the others.</param>
    /// <exception cref="CoordException">As for <see cref="CoordinationHandle.ReleaseAsync"/>.</exception>
    public async ValueTask LeaveAsync(CancellationToken cancellationToken = default)
    {
        await ReleaseAsync(cancellationToken).ConfigureAwait(false);
        await _barrier.WaitUntilEmptyAsync(Round, cancellationToken).ConfigureAwait(false);
    }
}
