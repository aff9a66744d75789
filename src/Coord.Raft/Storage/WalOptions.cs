namespace Coord.Raft.Storage;

/// <summary>How a write-ahead log is kept.</summary>
internal sealed record WalOptions
{
    /// <summary>The smallest segment that makes sense: a header page and room for a few groups.</summary>
    public const int MinSegmentBytes = 16 * 1024;

    /// <summary>The largest segment that a record can address.</summary>
    public const int MaxSegmentBytes = 1 << 30;

    /// <summary>Gets the id of the directory the log belongs to; a segment of another one is refused.</summary>
    public Guid DirectoryId { get; init; }

    /// <summary>
    /// Gets a value indicating whether a log that does not exist is created, and an unfinished one made anew. Only
    /// for a directory that has never been in use: elsewhere missing files are lost ones.
    /// </summary>
    public bool CreateNew { get; init; }

    /// <summary>Gets the size of a segment in bytes, a multiple of 4096.</summary>
    public int SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Gets how the log makes its bytes durable.</summary>
    public SyncStrategy SyncStrategy { get; init; } = SyncStrategy.DataSync;

    /// <summary>Gets what is loaded of the entries that a snapshot stands for; everything if nothing is said.</summary>
    public LogTrail Trail { get; init; }

    /// <summary>Gets how many purged segments are kept for reuse; what exceeds them is deleted.</summary>
    public int MaxRecycledSegments { get; init; } = 2;

    /// <summary>Gets the size to which the write buffer may grow before groups are written without a sync.</summary>
    public int MaxBufferBytes { get; init; } = 8 * 1024 * 1024;
}
