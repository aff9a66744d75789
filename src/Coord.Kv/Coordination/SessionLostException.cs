using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>
/// The session's lease ended, or could not be confirmed in time. Nothing is held by the session any more, and nothing
/// was acquired; create another session to go on.
/// </summary>
public sealed class SessionLostException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="lease">The session's lease.</param>
    public SessionLostException(LeaseId lease)
        : base(
            $"The session with the lease {lease} is lost: its lease ended or could not be confirmed in time.",
            Outcome.DidNotHappen) => Lease = lease;

    /// <summary>Gets the session's lease.</summary>
    public LeaseId Lease { get; }
}
