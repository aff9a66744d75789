using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>A number of permits shared by processes. Thread-safe.</summary>
/// <remarks>
/// Waiters get permits in the order in which they came. Only the first of them watches the holders, the others watch
/// the one before. All who use a name must agree on the number of permits; whoever says more gets more. Guarantees are
/// as for <see cref="DistributedLock"/>: at every revision the oldest keys hold the permits, no more than there are.
/// </remarks>
public sealed class DistributedSemaphore
{
    private readonly CoordinationSession _session;
    private readonly PermitLine _line;

    /// <summary>Names a semaphore.</summary>
    /// <param name="session">Under whose lease permits will be held.</param>
    /// <param name="name">The name: a prefix of keys, without the slash that follows.</param>
    /// <param name="permits">How many permits there are; the same for all who use the name.</param>
    public DistributedSemaphore(CoordinationSession session, string name, int permits)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(permits);
        _session = session;
        _line = new($"{name}/", permits);
    }

    /// <summary>Waits for a permit.</summary>
    /// <param name="cancellationToken">Leaves the line, as for <see cref="DistributedLock.AcquireAsync"/>.</param>
    /// <returns>The permit, held until it is disposed or lost.</returns>
    /// <exception cref="CoordException">As for <see cref="DistributedLock.AcquireAsync"/>.</exception>
    public async ValueTask<CoordinationHandle> AcquireAsync(CancellationToken cancellationToken = default) =>
        new(_session, await LineWaiter.WaitAsync(_session, _line, default, cancellationToken).ConfigureAwait(false));

    /// <summary>Waits for a permit, but not for ever.</summary>
    /// <param name="timeout">How long; if zero, a permit is acquired only if one is free and nobody waits.</param>
    /// <param name="cancellationToken">Leaves the line, as for <see cref="DistributedLock.AcquireAsync"/>.</param>
    /// <returns>The permit, or null if the time was over first; then nothing is held.</returns>
    /// <exception cref="CoordException">As for <see cref="DistributedLock.AcquireAsync"/>.</exception>
    public async ValueTask<CoordinationHandle?> TryAcquireAsync(
        TimeSpan timeout, CancellationToken cancellationToken = default) =>
        await LineWaiter.TryWaitAsync(_session, _line, default, timeout, cancellationToken)
            .ConfigureAwait(false) is { } turn ? new(_session, turn) : null;
}
