namespace Coord.Raft;

/// <summary>
/// A proposal entered a log, and then its member lost the leadership, stopped or was cut off: it may yet commit.
/// </summary>
/// <remarks>Read the state before trying again, or propose through a session, which makes a retry harmless.</remarks>
public sealed class OutcomeUnknownException(string message, Exception? innerException = null)
    : CoordException(message, Outcome.Unknown, innerException);
