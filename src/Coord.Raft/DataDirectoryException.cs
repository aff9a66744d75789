namespace Coord.Raft;

/// <summary>
/// The data directory cannot be used: in use, not writable, of another member or cluster, or of another version.
/// </summary>
public sealed class DataDirectoryException(string message, Exception? innerException = null)
    : CoordException(message, Outcome.DidNotHappen, innerException);
