namespace Coord.Raft;

/// <summary>
/// A proposal was refused before it entered any log: a queue was full, or leadership is being handed over.
/// </summary>
public sealed class ProposalDroppedException(string message) : CoordException(message, Outcome.DidNotHappen);
