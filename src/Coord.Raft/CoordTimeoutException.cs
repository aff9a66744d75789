namespace Coord.Raft;

/// <summary>
/// An operation that changes nothing by itself took longer than allowed, mostly for want of a quorum.
/// </summary>
public sealed class CoordTimeoutException(string message) : CoordException(message, Outcome.DidNotHappen);
