namespace Coord.Kv.Mvcc;

/// <summary>What a block of a snapshot holds; see FORMAT.md.</summary>
internal enum SnapshotBlock : byte
{
    None = 0,
    Versions = 1,
    Changes = 2,
    End = 3,
    Leases = 4,
    Alarms = 5,
    Members = 6,
}
