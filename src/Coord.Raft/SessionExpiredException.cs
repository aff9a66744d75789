namespace Coord.Raft;

/// <summary>The cluster no longer remembers the session, so a retried command may have been applied before.</summary>
public sealed class SessionExpiredException(ulong sessionId)
    : CoordException($"Session {sessionId} has expired; open a new one and read before retrying.", Outcome.Unknown)
{
    /// <summary>Gets the id of the session.</summary>
    public ulong SessionId { get; } = sessionId;
}
