namespace Coord.Kv.Commands;

/// <summary>How to put a key, or (the first one) to delete keys; see FORMAT.md.</summary>
[Flags]
internal enum PutFlags : byte
{
    None = 0,
    ReturnPrevious = 1,
    KeepValue = 2,
    KeepLease = 4,
    All = 7,
}
