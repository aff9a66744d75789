namespace Coord.Kv.Mvcc;

/// <summary>The fixed layouts of a snapshot; see FORMAT.md.</summary>
internal static class SnapshotFormat
{
    public const uint Version = 2;
    public const int HeaderBytes = 32;
    public const int BlockHeaderBytes = 12;
    public const int EndPayloadBytes = 56;
    public const int EndPayloadBytesOfVersion1 = 24;
    public const int LeaseBytes = 32;
    public const int AlarmBytes = 9;

    /// <summary>When a block is full: large enough for few checksums, small enough for a cache.</summary>
    public const int BlockTargetBytes = 256 * 1024;

    /// <summary>What a reader allocates at most for a block, whatever a damaged length says.</summary>
    public const int MaxBlockBytes = KeyValueOptions.MaxRequestBytesLimit + (512 * 1024);

    public static ReadOnlySpan<byte> Magic => "COORDKVS"u8;

    /// <summary>Gets the place of a kind in the order of blocks; the end is last.</summary>
    public static int PlaceOf(SnapshotBlock kind) => kind is SnapshotBlock.End ? int.MaxValue : (int)kind;
}
