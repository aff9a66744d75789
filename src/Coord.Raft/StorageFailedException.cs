namespace Coord.Raft;

/// <summary>
/// A write or sync failed; the log is closed for good and the node has stopped. Repair the cause and restart.
/// </summary>
/// <remarks>
/// Never retried: after a failed sync the kernel may report success for bytes that never reached the disk.
/// </remarks>
public sealed class StorageFailedException(string message, Exception? innerException = null)
    : CoordException(message, Outcome.Unknown, innerException);
