namespace Coord.Kv.Backup;

/// <summary>What a meta page says: where the tree of buckets begins, and how many pages there are.</summary>
internal readonly record struct BoltMeta(
    int PageBytes, ulong RootPage, ulong FreeListPage, ulong PageCount, ulong Transaction);
