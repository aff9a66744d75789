namespace Coord.Raft;

/// <summary>Something that must always hold did not. The node has stopped, so that nothing is made worse.</summary>
public sealed class InvariantViolationException(string message) : CoordException(message, Outcome.Unknown);
