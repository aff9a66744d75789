namespace Coord.Kv.Mvcc.Native;

/// <summary>How the memory of a store is cut; tests make everything small.</summary>
/// <param name="PageBytes">A page of the arena.</param>
/// <param name="Fanout">The entries of a node of the index.</param>
/// <param name="SegmentChanges">The changes of a segment of the change log.</param>
internal sealed record StoreLayout(int PageBytes, int Fanout, int SegmentChanges)
{
    /// <summary>Gets a value indicating whether snapshots are read ahead, by a thread of its own.</summary>
    public bool ReadsAhead { get; init; } = true;

    public static StoreLayout Default { get; } =
        new(NativeArena.DefaultPageBytes, KeyIndex.DefaultFanout, ChangeLog.DefaultSegmentChanges);
}
