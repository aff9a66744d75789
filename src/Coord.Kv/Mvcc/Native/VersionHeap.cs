using System.Diagnostics;

namespace Coord.Kv.Mvcc.Native;

/// <summary>
/// Adds versions to the chains of their keys, and frees them from the oldest on. Under the store's lock.
/// </summary>
/// <remarks>
/// Always true: a version that is in the change log is not freed, nor is the version before it. So whoever goes
/// through the log finds with each change what it replaced.
/// </remarks>
internal sealed unsafe class VersionHeap(NativeArena arena, ChangeLog changes)
{
    /// <summary>Adds the newest version of a key.</summary>
    /// <param name="history">The key.</param>
    /// <param name="stamp">When it was made.</param>
    /// <param name="value">The value; empty for a tombstone.</param>
    /// <param name="createRevision">When the key was created; zero for a tombstone.</param>
    /// <param name="version">How often it was put since; zero for a tombstone.</param>
    /// <param name="lease">The lease; zero for none.</param>
    public KeyVersion Add(
        KeyHistory history, Stamp stamp, ReadOnlySpan<byte> value, long createRevision, long version, long lease)
    {
        KeyRecord* key = history.Record;
        Debug.Assert(key->Newest == null || stamp > key->Newest->Stamp, "Versions are added in order.");
        bool isTombstone = version == 0;
        Debug.Assert(!isTombstone || (value.IsEmpty && createRevision == 0 && lease == 0), "A tombstone has nothing.");

        bool hasOrigin = !isTombstone && (version != 1 || createRevision != stamp.Revision || lease != 0);
        int skips = VersionChain.SkipsAt(key->Added);
        VersionRecord* record =
            (VersionRecord*)arena.Allocate(VersionRecord.SizeOf(hasOrigin, skips, value.Length));
        record->Key = key;
        record->Previous = key->Newest;
        record->Revision = stamp.Revision;
        record->Sub = stamp.Sub;
        record->SetShape(hasOrigin, isTombstone, skips, value.Length);
        if (hasOrigin)
        {
            *VersionRecord.OriginOf(record) =
                new() { CreateRevision = createRevision, Version = version, Lease = lease };
        }

        if (skips > 0)
            VersionChain.SetSkips(record, changes.First < changes.End ? changes[changes.First].Stamp : stamp);
        value.CopyTo(VersionRecord.ValueOf(record));
        key->Newest = record;
        key->Added++;
        return new(record);
    }

    /// <summary>Frees what a change replaced, once the change has been removed from the log.</summary>
    /// <returns>Whether nothing is left of its key: then the change has been freed too.</returns>
    public bool Reclaim(KeyVersion change)
    {
        VersionRecord* record = change.Record;
        if (record->Previous != null)
        {
            Debug.Assert(record->Previous->Previous == null, "What is older was freed with an older change.");
            Free(record->Previous);
            record->Previous = null;
        }

        // A tombstone below newer versions goes with the next of them, which is in the log still.
        if (!record->IsTombstone || record->Key->Newest != record)
            return false;

        record->Key->Newest = null;
        Free(record);
        return true;
    }

    private void Free(VersionRecord* record) => arena.Free(record, record->Bytes);
}
