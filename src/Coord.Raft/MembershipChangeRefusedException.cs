namespace Coord.Raft;

/// <summary>A change of the membership was refused before it entered any log; the message says why.</summary>
/// <param name="message">Why, and what to do.</param>
/// <param name="reason">The same for a program.</param>
public sealed class MembershipChangeRefusedException(
    string message, MembershipRefusal reason = MembershipRefusal.Invalid)
    : CoordException(message, Outcome.DidNotHappen)
{
    /// <summary>Gets why.</summary>
    public MembershipRefusal Reason => reason;
}
