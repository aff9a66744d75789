namespace Coord.Raft;

/// <summary>A change of the membership was refused before it entered any log; the message says why.</summary>
public sealed class MembershipChangeRefusedException(string message) : CoordException(message, Outcome.DidNotHappen);
