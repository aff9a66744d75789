using System.Diagnostics;
using System.Runtime.InteropServices;
using Coord.Kv.Commands;
using Coord.Kv.Mvcc.Native;
using Coord.Raft;

namespace Coord.Kv.Mvcc;

/// <summary>
/// Every version of every key since the last compaction. Pure, and not thread-safe: the state machine owns it.
/// </summary>
/// <remarks>
/// Always true:
/// 1. The revision grows by one with each transaction that changed something, and with nothing else.
/// 2. The change log holds every change whose revision is at or above the compacted one.
/// 3. Of each key the histories hold what a read at the compacted revision or later needs.
/// 4. <see cref="UsedBytes"/> and all that is decided by it depend on the commands alone, never on who reads.
/// Keys, versions and log lie outside the garbage-collected heap. A <see cref="KeyVersion"/> is a view that is valid
/// under the lock; what leaves it is copied. Whoever calls from outside keeps the store reachable until the call ends.
/// </remarks>
internal sealed partial class MvccStore : IDisposable
{
    /// <summary>How much one step copies at most, but for what has to be copied whole.</summary>
    public const int MaxStepBytes = 256 * 1024;

    /// <summary>How many changes a command that is there for compaction alone counts.</summary>
    public const int ChangesPerCompactionCommand = 8192;

    private readonly NativeArena _arena;
    private readonly KeyIndex _index;
    private readonly VersionHeap _versions;
    private int _subRevision;

    public MvccStore(StoreLayout layout)
    {
        _arena = new(layout.PageBytes);
        _index = new(_arena, layout.Fanout);
        Changes = new(_arena, layout.SegmentChanges);
        _versions = new(_arena, Changes);
    }

    /// <summary>Gets the revision of the last transaction; 1 for the empty store.</summary>
    public long Revision { get; private set; } = 1;

    /// <summary>Gets the revision that a read in the open transaction sees.</summary>
    public long OpenRevision => _subRevision == 0 ? Revision : Revision + 1;

    /// <summary>Gets how many keys exist now.</summary>
    public long Keys { get; private set; }

    /// <summary>Gets the oldest revision that can be read; zero if nothing was compacted.</summary>
    public long CompactedRevision { get; private set; }

    /// <summary>Gets what the quota counts.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Gets the changes since the last compaction.</summary>
    public ChangeLog Changes { get; }

    /// <summary>Gets where the changes of the last transaction begin.</summary>
    public long NewestChanges { get; private set; }

    /// <summary>Gets the memory taken from the system; other members may need another amount.</summary>
    public long AllocatedBytes => _arena.AllocatedBytes;

    /// <summary>Gets how many keys the index has, deleted ones that still have history included.</summary>
    public int IndexedKeys => _index.Count;

    /// <summary>Finds the newest version of a key, as the open transaction left it.</summary>
    public KeyVersion? Find(ReadOnlySpan<byte> key) => _index.Find(key)?.Live;

    /// <summary>Finds the version of a key as of a revision that has not been compacted.</summary>
    public KeyVersion? FindAt(ReadOnlySpan<byte> key, long revision) => _index.Find(key)?.At(revision);

    /// <summary>Finds the newest version of a key, a tombstone included.</summary>
    public KeyVersion? FindNewest(ReadOnlySpan<byte> key) => _index.Find(key)?.Newest;

    /// <summary>Puts a key within the open transaction.</summary>
    public KeyVersion Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long lease = 0) =>
        Put(key, value, lease, out _);

    /// <summary>Puts a key within the open transaction.</summary>
    /// <param name="key">The key; not empty.</param>
    /// <param name="value">The value; it may be that of a version of this store.</param>
    /// <param name="lease">The lease; zero for none.</param>
    /// <param name="previous">The version before, if the key existed.</param>
    public KeyVersion Put(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long lease, out KeyVersion? previous)
    {
        Debug.Assert(!key.IsEmpty, "A key has at least one byte.");
        KeyHistory history = _index.GetOrAdd(key);
        previous = history.Live;
        Keys += previous is null ? 1 : 0;
        Stamp stamp = NextStamp();
        long created = Mutants.CreatedAnew ? stamp.Revision : previous?.CreateRevision ?? stamp.Revision;
        long version = (previous?.Version ?? 0) + (Mutants.VersionStands && previous is not null ? 0 : 1);
        return Append(history, stamp, value, created, version, lease);
    }

    /// <summary>Deletes a range within the open transaction.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="deleted">Takes the versions that were deleted, in ascending order of keys.</param>
    public void Delete(KeyRange range, List<KeyVersion> deleted)
    {
        int first = deleted.Count;
        for (KeyIndex.Cursor cursor = _index.Seek(range.Key.Span); cursor.TryTake(out KeyHistory history);)
        {
            if (!range.IsBeforeEnd(history.Key))
                break;
            if (history.Live is { } live)
                deleted.Add(live);
        }

        for (int i = first; i < deleted.Count; i++)
            Append(deleted[i].History, NextStamp(), default, createRevision: 0, version: 0, lease: 0);
        Keys -= deleted.Count - first;
    }

    /// <summary>Collects the keys of a range as the open transaction left them.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="found">Takes them in ascending order; emptied first.</param>
    /// <returns>What was found.</returns>
    public ReadOnlySpan<KeyVersion> LiveIn(KeyRange range, List<KeyVersion> found)
    {
        found.Clear();
        for (KeyIndex.Cursor cursor = _index.Seek(range.Key.Span); cursor.TryTake(out KeyHistory history);)
        {
            if (!range.IsBeforeEnd(history.Key))
                break;
            if (history.Live is { } live)
                found.Add(live);
        }

        return CollectionsMarshal.AsSpan(found);
    }

    /// <summary>Ends the transaction.</summary>
    /// <returns>Whether it changed anything, and so made a revision.</returns>
    public bool Commit()
    {
        if (_subRevision == 0 && !Mutants.EmptyTransactionMakesRevision)
            return false;

        Revision++;
        NewestChanges = Changes.End - _subRevision;
        _subRevision = 0;
        if (Changes[Changes.End - 1].Stamp.Revision != Revision)
            throw new InvariantViolationException("The last change is not of the last revision.");
        return true;
    }

    /// <summary>Goes on with a read for a bounded number of keys.</summary>
    public void Step(RangeRead read, int maxKeys)
    {
        Debug.Assert(read.Revision <= OpenRevision, "Nothing is read before it is written.");
        for (KeyIndex.Cursor cursor = _index.Seek(read.Position); cursor.TryTake(out KeyHistory history);)
        {
            if (!read.Range.IsBeforeEnd(history.Key))
                break;
            if (maxKeys-- == 0 || read.StepBytes >= MaxStepBytes)
            {
                read.PauseAt(history.Key);
                return;
            }

            if (history.At(Mutants.PastShowsPresent ? OpenRevision : read.Revision) is { } version)
                read.Add(version);
        }

        read.Finish();
    }

    /// <summary>Goes on with a checksum for a bounded number of keys and, but for one key, of bytes.</summary>
    public void Step(StoreHash hash, int maxKeys)
    {
        for (KeyIndex.Cursor cursor = _index.Seek(hash.Position); cursor.TryTake(out KeyHistory history);)
        {
            if (maxKeys-- == 0 || hash.StepBytes >= MaxStepBytes)
            {
                hash.PauseAt(history.Key);
                return;
            }

            hash.Add(history);
        }

        hash.Finish();
    }

    /// <summary>Returns how many bytes the answer of a read can have, without what it has besides versions.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="revision">As of when; not compacted.</param>
    /// <param name="options">What is read of them.</param>
    /// <param name="enough">Beyond it the exact number does not matter.</param>
    public long Measure(KeyRange range, long revision, GetOptions options, long enough)
    {
        if (options.CountOnly)
            return 0;

        bool isSorted = RangeRead.Sorts(options);
        (long sum, long largest, long count) = (0, 0, 0);
        for (KeyIndex.Cursor cursor = _index.Seek(range.Key.Span); cursor.TryTake(out KeyHistory history);)
        {
            if (!range.IsBeforeEnd(history.Key))
                break;
            if (history.At(revision) is not { } version || !RangeRead.Passes(version, options))
                continue;

            long bytes = ResultSize.OverheadBytes + history.Key.Length + (options.KeysOnly ? 0 : version.Value.Length);
            (sum, largest, count) = (sum + bytes, Math.Max(largest, bytes), count + 1);
            bool isOver = options.Limit == 0 ? sum > enough : count == options.Limit && !isSorted;
            if (isOver)
                break;
        }

        // Of what is sorted nobody knows yet which come first: the largest, perhaps.
        return options.Limit > 0 && count > options.Limit ? Math.Min(sum, options.Limit * largest) : sum;
    }

    /// <summary>Collects the versions that were live before a change, for a bounded number of keys.</summary>
    /// <param name="from">The first key.</param>
    /// <param name="boundary">The change.</param>
    /// <param name="records">Takes the versions.</param>
    /// <param name="maxKeys">How many keys to look at.</param>
    /// <returns>Where to go on, or null at the end.</returns>
    public byte[]? CollectBefore(ReadOnlySpan<byte> from, Stamp boundary, SnapshotRecords records, int maxKeys)
    {
        for (KeyIndex.Cursor cursor = _index.Seek(from); cursor.TryTake(out KeyHistory history);)
        {
            if (maxKeys-- == 0 || records.Bytes >= MaxStepBytes)
                return history.Key.ToArray();
            KeyVersion? captured = Mutants.SnapshotShowsLaterWrites ? history.Live : history.Before(boundary);
            if (captured is { IsTombstone: false } version)
                records.Add(version);
        }

        return null;
    }

    private Stamp NextStamp() => new(Revision + 1, _subRevision++);

    private KeyVersion Append(
        KeyHistory history, Stamp stamp, ReadOnlySpan<byte> value, long createRevision, long version, long lease)
    {
        KeyVersion change = _versions.Add(history, stamp, value, createRevision, version, lease);
        Changes.Add(change);
        UsedBytes += change.Cost;
        return change;
    }
}
