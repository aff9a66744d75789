namespace Coord.Raft.Storage;

/// <summary>How a file makes its bytes durable; chosen when it is opened.</summary>
internal enum SyncStrategy : byte
{
    /// <summary>
    /// fdatasync: the bytes, and the metadata needed to read them. The fastest on a zero-filled file.
    /// </summary>
    DataSync,

    /// <summary>O_DSYNC: every write returns durable.</summary>
    WriteThrough,

    /// <summary>fsync: the bytes and all metadata, for file systems where fdatasync is not to be trusted.</summary>
    FullSync,
}
