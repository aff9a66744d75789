namespace Coord.Raft;

/// <summary>What became of a message that a transport handed over.</summary>
public enum ReceiveResult
{
    /// <summary>It was queued.</summary>
    Accepted,

    /// <summary>The queue was full and it was dropped; Raft sends again.</summary>
    Dropped,

    /// <summary>
    /// It does not follow the format, or names another sender than the handshake: close the connection.
    /// </summary>
    Malformed,
}
