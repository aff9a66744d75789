using Coord.Kv.Leases;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Mvcc;

/// <content>
/// Loading a snapshot: the versions come in the order in which they were made, and must fit together.
/// </content>
internal sealed partial class MvccStore
{
    /// <summary>Creates a store to load versions into.</summary>
    public static MvccStore StartLoading(long revision, long compactedRevision, StoreLayout layout)
    {
        Ensure(revision >= 1, "The revision is below that of the empty store.");
        Ensure(compactedRevision >= 0 && compactedRevision <= revision, "The compacted revision is in the future.");
        MvccStore store = new(layout) { Revision = revision, CompactedRevision = compactedRevision };
        if (layout.ReadsAhead)
            store._arena.BeginSupply();
        return store;
    }

    /// <summary>Loads a version from before the retained changes; keys come in ascending order.</summary>
    public void LoadBase(in SnapshotRecord record)
    {
        Stamp stamp = record.Stamp;
        Ensure(!record.IsTombstone, "A deletion is among the versions.");
        Ensure(record.Key.SequenceCompareTo(_index.LastKey) > 0, "The keys are not in order.");
        Ensure(stamp is { Revision: > 1, Sub: >= 0 }, "A version is from before the first write.");
        Ensure(stamp.Revision <= CompactedRevision, "A version without its change was not compacted.");
        long created = record.CreateRevision;
        Ensure(created > 1 && created <= stamp.Revision, "A key was created after it was changed.");
        Ensure(
            record.Version >= 1 && record.Version - 1 <= stamp.Revision - created,
            "A version has an impossible number.");

        KeyHistory history = _index.Append(record.Key);
        Keys++;
        UsedBytes += _versions.Add(history, stamp, record.Value, created, record.Version, record.Lease).Cost;
    }

    /// <summary>Loads a retained change; changes come in the order they were made.</summary>
    public void LoadChange(in SnapshotRecord record)
    {
        Stamp stamp = record.Stamp;
        Ensure(stamp.Revision > 1 && stamp.Revision <= Revision && stamp.Sub >= 0, "A change has no such revision.");
        if (Changes.End > Changes.First)
        {
            Stamp last = Changes[Changes.End - 1].Stamp;
            Ensure(stamp > last, "The changes are not in order.");
            Ensure(stamp.Revision <= last.Revision + 1, "A change is missing.");
        }

        KeyHistory history = _index.GetOrAdd(record.Key);
        KeyVersion? previous = history.Live;
        Ensure(
            history.Newest is not { } newest || newest.Stamp < stamp, "A key changed before its last version.");
        if (record.IsTombstone)
        {
            Ensure(record is { CreateRevision: 0, Version: 0, Lease: 0 }, "A deletion has a version.");
        }
        else
        {
            long created = previous?.CreateRevision ?? stamp.Revision;
            Ensure(record.CreateRevision == created, "A create revision does not fit.");
            Ensure(record.Version == (previous?.Version ?? 0) + 1, "A version does not follow the one before.");
        }

        Keys += (record.IsTombstone ? 0 : 1) - (previous is null ? 0 : 1);
        Append(history, stamp, record.Value, record.CreateRevision, record.Version, record.Lease);
    }

    /// <summary>Ends loading.</summary>
    public void EndLoading(long usedBytes)
    {
        // What comes from a backup may have given up the changes of the compacted revision itself.
        bool isEmpty = Changes.First == Changes.End;
        long last = isEmpty ? Math.Max(1, CompactedRevision) : Changes[Changes.End - 1].Stamp.Revision;
        Ensure(last == Revision, "The last changes are missing.");
        Ensure(
            isEmpty || Changes[Changes.First].Stamp.Revision <= Math.Max(2, CompactedRevision + 1),
            "The first changes are missing.");
        Ensure(UsedBytes == usedBytes, "The sizes do not add up.");
        NewestChanges = Changes.Find(Revision);
        _arena.EndSupply();
    }

    /// <summary>Attaches all keys to their leases.</summary>
    /// <remarks>
    /// A key from a backup may name a lease that is not there. It lives on, and belongs to the next lease of that id.
    /// </remarks>
    public void AttachAll(LeaseTable leases)
    {
        for (KeyIndex.Cursor cursor = _index.Seek([]); cursor.TryTake(out KeyHistory history);)
        {
            if (history.Live is { Lease: not 0 } live)
                leases.Move(live.Key, from: 0, live.Lease);
        }
    }

    private static void Ensure(bool condition, string complaint)
    {
        if (!condition)
            throw new InvalidDataException($"The snapshot of the key-value store is damaged. {complaint}");
    }
}
