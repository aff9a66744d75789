using System.Text;
using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>An election won: what the leader holds until it resigns or loses it. Thread-safe.</summary>
public sealed class Leadership : CoordinationHandle
{
    internal Leadership(CoordinationSession session, Turn turn)
        : base(session, turn)
    {
    }

    /// <summary>Replaces the value that observers see, without another election.</summary>
    /// <param name="value">The new value.</param>
    /// <param name="cancellationToken">Stops waiting; the value may be replaced all the same.</param>
    /// <exception cref="NotHeldException">The leadership is lost or given up; nothing happened.</exception>
    /// <exception cref="CoordException">The outcome says whether the value may have been replaced.</exception>
    public async ValueTask ProclaimAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        Transaction proclaim = Transaction.If(Held)
            .Then(Operation.Put(KeyBytes, value, new() { Lease = Session.Lease }));
        TransactionResult done = await Session.Store.CommitAsync(proclaim, cancellationToken).ConfigureAwait(false);
        if (!done.Succeeded)
            throw new NotHeldException(Key);
    }

    /// <inheritdoc cref="ProclaimAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    public ValueTask ProclaimAsync(string value, CancellationToken cancellationToken = default) =>
        ProclaimAsync(Encoding.UTF8.GetBytes(value), cancellationToken);

    /// <summary>Gives the leadership up, so that the next in line leads. The session lives on.</summary>
    /// <param name="cancellationToken">Stops waiting; the session gives it up in the background.</param>
    /// <exception cref="CoordException">As for <see cref="CoordinationHandle.ReleaseAsync"/>.</exception>
    public ValueTask ResignAsync(CancellationToken cancellationToken = default) => ReleaseAsync(cancellationToken);
}
