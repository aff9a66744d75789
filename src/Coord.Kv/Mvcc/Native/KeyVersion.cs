using System.Diagnostics;

namespace Coord.Kv.Mvcc.Native;

/// <summary>
/// A view of one version of one key, or of its deletion (a tombstone). The version itself never changes.
/// </summary>
/// <remarks>
/// Valid under the store's lock, and until compaction frees the version: what goes further is copied out. In debug
/// builds a view knows the stamp that it must find.
/// </remarks>
internal readonly unsafe struct KeyVersion
{
    /// <summary>
    /// What a version costs beside its key and value: the heads of key and version, and its places in index and change
    /// log, and what rounding adds.
    /// </summary>
    public const int OverheadBytes = 128;

    private readonly VersionRecord* _record;
#if DEBUG
    private readonly Stamp _expected;
#endif

    public KeyVersion(VersionRecord* record)
    {
        Debug.Assert(record != null, "A view is of something.");
        _record = record;
#if DEBUG
        _expected = record->Stamp;
#endif
    }

    public VersionRecord* Record
    {
        get
        {
#if DEBUG
            Debug.Assert(_record->Stamp == _expected, "A version is not used after it was freed.");
#endif
            return _record;
        }
    }

    public KeyHistory History => new(Record->Key);

    public ReadOnlySpan<byte> Key => KeyRecord.KeyOf(Record->Key);

    public Stamp Stamp => Record->Stamp;

    /// <summary>Gets the value; empty for a tombstone.</summary>
    public ReadOnlySpan<byte> Value => VersionRecord.ValueOf(Record);

    public bool IsTombstone => Record->IsTombstone;

    /// <summary>Gets when the key was created; zero for a tombstone.</summary>
    public long CreateRevision =>
        Record->HasOrigin ? VersionRecord.OriginOf(Record)->CreateRevision
        : IsTombstone ? 0
        : Record->Revision;

    /// <summary>Gets how often the key was put since; zero for a tombstone.</summary>
    public long Version =>
        Record->HasOrigin ? VersionRecord.OriginOf(Record)->Version
        : IsTombstone ? 0
        : 1;

    /// <summary>Gets the lease that it is attached to; zero for none.</summary>
    public long Lease => Record->HasOrigin ? VersionRecord.OriginOf(Record)->Lease : 0;

    /// <summary>Gets the version before, a tombstone included, as long as it has not been freed.</summary>
    public KeyVersion? Previous => Record->Previous == null ? null : new KeyVersion(Record->Previous);

    /// <summary>
    /// Gets what the quota counts for it; the same on every member, so no question of this process's memory.
    /// </summary>
    public long Cost => CostOf(Record->Key->KeyBytes, Record->ValueBytes);

    public static long CostOf(int keyBytes, int valueBytes) => OverheadBytes + (long)keyBytes + valueBytes;

    /// <summary>Says that the key and the version before will be read soon.</summary>
    public void PrefetchLinks()
    {
        Prefetch.Line(Record->Key);
        Prefetch.Line(Record->Previous);
    }

    public override string ToString() => $"{KeyText.Of(Key)} {Stamp}{(IsTombstone ? " deleted" : "")}";
}
