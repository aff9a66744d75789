namespace Coord.Raft.Driver;

/// <summary>How a snapshot's transfer stands at its receiver. The values are on the wire.</summary>
internal enum SnapshotChunkStatus : byte
{
    /// <summary>More is expected, from the named offset on.</summary>
    Continue = 0,

    /// <summary>It is there, whole and verified.</summary>
    Done = 1,

    /// <summary>It cannot be taken: the disk is full, or the bytes were damaged twice.</summary>
    Refused = 2,
}
