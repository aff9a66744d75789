namespace Coord.Raft;

/// <summary>The node is not running. What it had not answered may yet happen; a new call to it does nothing.</summary>
public sealed class NodeStoppedException(string message, Outcome outcome, Exception? innerException = null)
    : CoordException(message, outcome, innerException);
