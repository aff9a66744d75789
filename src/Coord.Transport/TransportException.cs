using Coord.Raft;

namespace Coord.Transport;

/// <summary>
/// The transport cannot start: its address cannot be used, or its certificates cannot be read. The message says which
/// and why; change it and start again.
/// </summary>
public sealed class TransportException(string message, Exception? innerException = null)
    : CoordException(message, Outcome.DidNotHappen, innerException);
