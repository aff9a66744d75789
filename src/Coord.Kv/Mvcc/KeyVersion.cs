namespace Coord.Kv.Mvcc;

/// <summary>
/// One version of one key, or its deletion (a tombstone). Immutable, so that readers need no lock for it.
/// </summary>
internal sealed class KeyVersion(KeyHistory history, Stamp stamp, byte[]? value, long createRevision, long version)
{
    /// <summary>
    /// What a version costs beside its key and value: this object, its slots in history and change log.
    /// </summary>
    public const int OverheadBytes = 128;

    public KeyHistory History => history;

    public byte[] Key => history.Key;

    public Stamp Stamp => stamp;

    /// <summary>Gets the value; empty for a tombstone.</summary>
    public byte[] Value => value ?? [];

    public bool IsTombstone => value is null;

    /// <summary>Gets when the key was created; zero for a tombstone.</summary>
    public long CreateRevision => createRevision;

    /// <summary>Gets how often the key was put since; zero for a tombstone.</summary>
    public long Version => version;

    /// <summary>
    /// Gets what the quota counts for it; the same on every member, so no question of this process's memory.
    /// </summary>
    public long Cost => CostOf(history.Key.Length, value?.Length ?? 0);

    public static long CostOf(int keyBytes, int valueBytes) => OverheadBytes + (long)keyBytes + valueBytes;

    public KeyValue ToKeyValue(bool keyOnly = false) =>
        new(Key, keyOnly ? default(ReadOnlyMemory<byte>) : Value, new(createRevision), new(stamp.Revision), version);

    public override string ToString() => $"{KeyText.Of(Key)} {stamp}{(IsTombstone ? " deleted" : "")}";
}
