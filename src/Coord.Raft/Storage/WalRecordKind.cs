namespace Coord.Raft.Storage;

/// <summary>
/// What a record of the write-ahead log holds. The values are on disk. Zero is none: zeros are no record.
/// </summary>
internal enum WalRecordKind : byte
{
    /// <summary>Opens a segment: the state before it, so that older segments can go.</summary>
    Start = 1,

    /// <summary>Term and vote, and the commit index as the record's index.</summary>
    HardState = 2,

    /// <summary>An entry.</summary>
    Entry = 3,

    /// <summary>The log now ends at the record's id; what followed is void.</summary>
    Cut = 4,

    /// <summary>The log is empty and goes on after the record's id, that of an installed snapshot.</summary>
    Reset = 5,

    /// <summary>Closes a segment; the record's index is the epoch of the next, which exists.</summary>
    Seal = 6,
}
