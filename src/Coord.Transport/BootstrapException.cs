using Coord.Raft;

namespace Coord.Transport;

/// <summary>
/// A node found no cluster that it can begin or join. The message says why and what to do; nothing is left on disk.
/// </summary>
public sealed class BootstrapException(string message, Exception? innerException = null)
    : CoordException(message, Outcome.DidNotHappen, innerException);
