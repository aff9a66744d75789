namespace Coord.Raft.Core;

/// <summary>What a member can say of the entries that another one has lost. The values are on the wire.</summary>
internal enum RepairAnswer : byte
{
    /// <summary>These are the entries.</summary>
    Found,

    /// <summary>The entry that was named is not in its log, which is whole there.</summary>
    NotHeld,

    /// <summary>It has only a snapshot of that part of the log.</summary>
    Compacted,

    /// <summary>Its own log is damaged there.</summary>
    Unknown,
}
