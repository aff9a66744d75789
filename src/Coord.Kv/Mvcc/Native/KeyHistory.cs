using System.Diagnostics;

namespace Coord.Kv.Mvcc.Native;

/// <summary>
/// A view of one key and its versions that are still needed. Valid under the store's lock, and until the index removes
/// the key.
/// </summary>
internal readonly unsafe struct KeyHistory
{
    private readonly KeyRecord* _record;

    public KeyHistory(KeyRecord* record)
    {
        Debug.Assert(record != null, "A view is of something.");
        _record = record;
    }

    public KeyRecord* Record => _record;

    public ReadOnlySpan<byte> Key => KeyRecord.KeyOf(_record);

    /// <summary>Gets the newest version, a tombstone included; null if there is none.</summary>
    public KeyVersion? Newest => ViewOf(_record->Newest);

    /// <summary>Gets the newest version if the key exists now.</summary>
    public KeyVersion? Live => LiveOf(_record->Newest);

    /// <summary>Returns the version of the key as of a revision; null if the key did not exist then.</summary>
    /// <param name="revision">The revision; not compacted.</param>
    public KeyVersion? At(long revision) =>
        LiveOf(VersionChain.Before(_record->Newest, new Stamp(revision, int.MaxValue)));

    /// <summary>Returns the newest version below a stamp, a tombstone included.</summary>
    /// <param name="stamp">The stamp; not below the oldest change that is still in the change log.</param>
    public KeyVersion? Before(Stamp stamp) => ViewOf(VersionChain.Before(_record->Newest, stamp));

    private static KeyVersion? ViewOf(VersionRecord* record) => record == null ? null : new KeyVersion(record);

    private static KeyVersion? LiveOf(VersionRecord* record) =>
        record == null || record->IsTombstone ? null : new KeyVersion(record);
}
