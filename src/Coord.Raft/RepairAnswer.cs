namespace Coord.Raft;

/// <summary>What a member can say of the entries that another one has lost. The values are on the wire.</summary>
internal enum RepairAnswer : byte
{
    /// <summary>These are the entries.</summary>
    Found,

    /// <summary>The entry that was named is not in its log, and never was.</summary>
    NotHeld,

    /// <summary>It has only a snapshot of that part of the log.</summary>
    Compacted,

    /// <summary>It cannot tell: its own log is damaged there, or has lost its end.</summary>
    Unknown,
}
