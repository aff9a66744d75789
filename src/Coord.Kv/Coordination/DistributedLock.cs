using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>A lock among processes. Thread-safe; tasks that share a session exclude each other too.</summary>
/// <remarks>
/// <para>
/// Waiters get it in the order in which they came, and each watches only the one before. The keys are those of etcd's
/// recipe (the name, a slash, the lease in hexadecimal), so <c>etcdctl lock</c> and this exclude each other. As there,
/// a lock <c>a</c> also waits for holders of <c>a/b</c>: do not nest names, nor use one for two recipes.
/// </para>
/// <para>
/// Guaranteed: at every revision of the store one key at most is the oldest, tokens grow, and nobody overtakes. Not
/// guaranteed: that two processes never believe to hold it. One that was paused beyond its lease goes on until it looks
/// at <see cref="CoordinationHandle.IsLost"/>. So whatever the lock protects has to check the
/// <see cref="CoordinationHandle.FencingToken"/>, or be a transaction with <see cref="CoordinationHandle.Held"/>.
/// </para>
/// <para>
/// Without a quorum an acquisition goes on trying, and a holder stays one, until the session is lost.
/// </para>
/// </remarks>
/// <example><code>
/// await using CoordinationHandle held = await new DistributedLock(session, "jobs/7").AcquireAsync();
/// await store.CommitAsync(Transaction.If(held.Held).Then(Operation.Put(key, value)));
/// </code></example>
public sealed class DistributedLock
{
    private readonly CoordinationSession _session;
    private readonly PredecessorLine _line;

    /// <summary>Names a lock.</summary>
    /// <param name="session">Under whose lease it will be held.</param>
    /// <param name="name">The name: a prefix of keys, without the slash that follows.</param>
    public DistributedLock(CoordinationSession session, string name)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _session = session;
        _line = new($"{name}/", $"{name}/");
    }

    /// <summary>Waits for the lock.</summary>
    /// <param name="cancellationToken">
    /// Leaves the line at once. The place in it is deleted in the background, with the session's end at the latest.
    /// </param>
    /// <returns>The lock, held until it is disposed or lost.</returns>
    /// <exception cref="SessionLostException">The session is lost; nothing is held.</exception>
    /// <exception cref="NotHeldException">Somebody deleted the key of this waiter; it may wait again.</exception>
    /// <exception cref="CoordException">The store refused for a reason that does not pass; nothing is held.</exception>
    public async ValueTask<CoordinationHandle> AcquireAsync(CancellationToken cancellationToken = default) =>
        new(_session, await LineWaiter.WaitAsync(_session, _line, default, cancellationToken).ConfigureAwait(false));

    /// <summary>Waits for the lock, but not for ever.</summary>
    /// <param name="timeout">How long; if zero, it is acquired only if nobody holds it or waits for it.</param>
    /// <param name="cancellationToken">Leaves the line, as for <see cref="AcquireAsync"/>.</param>
    /// <returns>The lock, or null if the time was over first; then nothing is held.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative and not infinite.</exception>
    /// <exception cref="CoordException">As for <see cref="AcquireAsync"/>.</exception>
    public async ValueTask<CoordinationHandle?> TryAcquireAsync(
        TimeSpan timeout, CancellationToken cancellationToken = default) =>
        await LineWaiter.TryWaitAsync(_session, _line, default, timeout, cancellationToken)
            .ConfigureAwait(false) is { } turn ? new(_session, turn) : null;
}
