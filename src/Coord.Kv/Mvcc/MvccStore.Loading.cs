namespace Coord.Kv.Mvcc;

/// <content>
/// Loading a snapshot: the versions come in the order in which they were made, and must fit together.
/// </content>
internal sealed partial class MvccStore
{
    /// <summary>Creates a store to load versions into.</summary>
    public static MvccStore StartLoading(long revision, long compactedRevision)
    {
        Ensure(revision >= 1, "The revision is below that of the empty store.");
        Ensure(compactedRevision >= 0 && compactedRevision <= revision, "The compacted revision is in the future.");
        return new MvccStore { Revision = revision, CompactedRevision = compactedRevision };
    }

    /// <summary>Loads a version from before the retained changes; keys come in ascending order.</summary>
    public void LoadBase(
        ReadOnlySpan<byte> key,
        byte[] value,
        Stamp stamp,
        long createRevision,
        long version,
        ReadOnlySpan<byte> keyBefore)
    {
        Ensure(!key.IsEmpty, "A key is empty.");
        Ensure(key.SequenceCompareTo(keyBefore) > 0, "The keys are not in order.");
        Ensure(stamp is { Revision: > 1, Sub: >= 0 }, "A version is from before the first write.");
        Ensure(stamp.Revision < CompactedRevision, "A version without its change was not compacted.");
        Ensure(createRevision > 1 && createRevision <= stamp.Revision, "A key was created after it was changed.");
        Ensure(version >= 1 && version - 1 <= stamp.Revision - createRevision, "A version has an impossible number.");

        KeyHistory history = _index.GetOrAdd(key);
        KeyVersion loaded = new(history, stamp, value, createRevision, version);
        history.Add(loaded);
        UsedBytes += loaded.Cost;
    }

    /// <summary>Loads a retained change; changes come in the order they were made.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, or null for a tombstone.</param>
    /// <param name="stamp">When it was made.</param>
    /// <param name="createRevision">The create revision it must have.</param>
    /// <param name="version">The version it must have.</param>
    public void LoadChange(ReadOnlySpan<byte> key, byte[]? value, Stamp stamp, long createRevision, long version)
    {
        Ensure(!key.IsEmpty, "A key is empty.");
        Ensure(stamp.Revision > 1 && stamp.Revision <= Revision && stamp.Sub >= 0, "A change has no such revision.");
        if (Changes.End > Changes.First)
        {
            Stamp last = Changes[Changes.End - 1].Stamp;
            Ensure(stamp > last, "The changes are not in order.");
            Ensure(stamp.Revision <= last.Revision + 1, "A change is missing.");
        }

        KeyHistory history = _index.GetOrAdd(key);
        KeyVersion? previous = history.Live;
        Ensure(history.Newest is null || history.Newest.Stamp < stamp, "A key changed before its last version.");
        if (value is null)
        {
            Ensure(createRevision == 0 && version == 0, "A deletion has a version.");
        }
        else
        {
            Ensure(createRevision == (previous?.CreateRevision ?? stamp.Revision), "A create revision does not fit.");
            Ensure(version == (previous?.Version ?? 0) + 1, "A version does not follow the one before.");
        }

        Append(new KeyVersion(history, stamp, value, createRevision, version));
    }

    /// <summary>Ends loading.</summary>
    public void EndLoading(long usedBytes)
    {
        bool isEmpty = Changes.First == Changes.End;
        long last = isEmpty ? 1 : Changes[Changes.End - 1].Stamp.Revision;
        Ensure(last == Revision, "The last changes are missing.");
        Ensure(
            isEmpty || Changes[Changes.First].Stamp.Revision <= Math.Max(2, CompactedRevision),
            "The first changes are missing.");
        Ensure(UsedBytes == usedBytes, "The sizes do not add up.");
    }

    private static void Ensure(bool condition, string complaint)
    {
        if (!condition)
            throw new InvalidDataException($"The snapshot of the key-value store is damaged. {complaint}");
    }
}
