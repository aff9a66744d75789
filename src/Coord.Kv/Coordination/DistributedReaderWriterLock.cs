using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>A lock among processes that many readers hold together, or one writer alone. Thread-safe.</summary>
/// <remarks>
/// It is fair: whoever comes later waits for those before with whom he cannot share, so neither side starves. A reader
/// watches only the last writer before it, a writer only the last of all before it. It is not reentrant, and a reader
/// cannot become a writer: that would wait for itself. What is guaranteed, and what not, is as for
/// <see cref="DistributedLock"/>. A writer's <see cref="CoordinationHandle.FencingToken"/> is greater than those of all
/// readers and writers before.
/// </remarks>
public sealed class DistributedReaderWriterLock
{
    private readonly CoordinationSession _session;
    private readonly PredecessorLine _readers;
    private readonly PredecessorLine _writers;

    /// <summary>Names a lock.</summary>
    /// <param name="session">Under whose lease it will be held.</param>
    /// <param name="name">The name: a prefix of keys, without the slash that follows.</param>
    public DistributedReaderWriterLock(CoordinationSession session, string name)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _session = session;
        _readers = new($"{name}/read/", $"{name}/write/");
        _writers = new($"{name}/write/", $"{name}/");
    }

    /// <summary>Waits until every writer that came before is done.</summary>
    /// <param name="cancellationToken">Leaves the line, as for <see cref="DistributedLock.AcquireAsync"/>.</param>
    /// <returns>The lock for reading, held until it is disposed or lost.</returns>
    /// <exception cref="CoordException">As for <see cref="DistributedLock.AcquireAsync"/>.</exception>
    public ValueTask<CoordinationHandle> AcquireReadAsync(CancellationToken cancellationToken = default) =>
        AcquireAsync(_readers, cancellationToken);

    /// <summary>Waits until every reader and writer that came before is done.</summary>
    /// <param name="cancellationToken">Leaves the line, as for <see cref="DistributedLock.AcquireAsync"/>.</param>
    /// <returns>The lock for writing, held until it is disposed or lost.</returns>
    /// <exception cref="CoordException">As for <see cref="DistributedLock.AcquireAsync"/>.</exception>
    public ValueTask<CoordinationHandle> AcquireWriteAsync(CancellationToken cancellationToken = default) =>
        AcquireAsync(_writers, cancellationToken);

    /// <summary>Waits for reading, but not for ever.</summary>
    /// <param name="timeout">How long; if zero, it is acquired only if no writer holds it or waits for it.</param>
    /// <param name="cancellationToken">Leaves the line, as for <see cref="DistributedLock.AcquireAsync"/>.</param>
    /// <returns>The lock, or null if the time was over first; then nothing is held.</returns>
    /// <exception cref="CoordException">As for <see cref="DistributedLock.AcquireAsync"/>.</exception>
    public ValueTask<CoordinationHandle?> TryAcquireReadAsync(
        TimeSpan timeout, CancellationToken cancellationToken = default) =>
        TryAcquireAsync(_readers, timeout, cancellationToken);

    /// <summary>Waits for writing, but not for ever.</summary>
    /// <param name="timeout">How long; if zero, it is acquired only if nobody holds it or waits for it.</param>
    /// <param name="cancellationToken">Leaves the line, as for <see cref="DistributedLock.AcquireAsync"/>.</param>
    /// <returns>The lock, or null if the time was over first; then nothing is held.</returns>
    /// <exception cref="CoordException">As for <see cref="DistributedLock.AcquireAsync"/>.</exception>
    public ValueTask<CoordinationHandle?> TryAcquireWriteAsync(
        TimeSpan timeout, CancellationToken cancellationToken = default) =>
        TryAcquireAsync(_writers, timeout, cancellationToken);

    private async ValueTask<CoordinationHandle> AcquireAsync(Line line, CancellationToken cancellationToken) =>
        new(_session, await LineWaiter.WaitAsync(_session, line, default, cancellationToken).ConfigureAwait(false));

    private async ValueTask<CoordinationHandle?> TryAcquireAsync(
        Line line, TimeSpan timeout, CancellationToken cancellationToken) =>
        await LineWaiter.TryWaitAsync(_session, line, default, timeout, cancellationToken)
            .ConfigureAwait(false) is { } turn ? new(_session, turn) : null;
}
