namespace Coord.Raft;

/// <summary>Says who interprets an entry's payload. The values are on disk and on the wire.</summary>
public enum EntryKind : byte
{
    /// <summary>
    /// A command for the state machine, or nothing (the entry by which a new leader commits, Raft §8).
    /// </summary>
    Command = 0,

    /// <summary>A change of the membership (Raft §6).</summary>
    Membership = 1,

    /// <summary>
    /// Opens a client session for exactly-once commands (thesis §6.3). The payload is the session's id, 8 bytes,
    /// little-endian, drawn by chance; if it is empty or zero the id is the entry's index, and if a session has the id,
    /// the next one that is free.
    /// </summary>
    OpenSession = 2,

    /// <summary>A command with its session and sequence number in front, applied at most once (thesis §6.3).</summary>
    SessionCommand = 3,

    /// <summary>Closes a client session.</summary>
    CloseSession = 4,
}
