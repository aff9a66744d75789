using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>The part of the log that is in memory, and how far it is handed to storage, durable and applied.</summary>
/// <remarks>
/// Owns one reference on the block of each entry, and releases it only in <see cref="CompactTo"/>: storage may still
/// be writing what is cut by a conflict. Entries lie in one array, so that any range is one slice; slices are
/// borrowed until the core is next called. Always true, unless a snapshot waits to be installed:
/// 1. base &lt;= applied &lt;= applying &lt;= committed &lt;= last;
/// 2. durable &lt;= handed &lt;= last.
/// </remarks>
internal sealed class RaftLog
{
    private Entry[] _entries;
    private int _head;
    private int _count;
    private bool _borrowed;

    /// <summary>Creates a log of recovered, durable entries.</summary>
    public RaftLog(EntryId logBase, ReadOnlySpan<Entry> entries, LogIndex committed, LogIndex applied)
    {
        Base = logBase;
        _entries = new Entry[Math.Max(256, entries.Length * 2)];
        entries.CopyTo(_entries);
        _count = entries.Length;
        Durable = Handed = Last.Index;
        Applied = Applying = applied;
        Committed = committed;
        Invariant.Check(Base.Index <= Applied, "The log starts after what the state machine holds.");
        Invariant.Check(Committed <= Last.Index, "The log ends before its commit index: entries were lost.");
        Invariant.Check(Applied <= Committed, "More is applied than committed.");
    }

    /// <summary>Gets the id before the first entry.</summary>
    public EntryId Base { get; private set; }

    /// <summary>Gets the last entry's id.</summary>
    public EntryId Last => _count == 0 ? Base : _entries[_head + _count - 1].Id;

    /// <summary>Gets the highest index known to be committed.</summary>
    public LogIndex Committed { get; private set; }

    /// <summary>Gets the highest index handed to the state machine.</summary>
    public LogIndex Applying { get; private set; }

    /// <summary>Gets the highest index that the state machine has applied.</summary>
    public LogIndex Applied { get; private set; }

    /// <summary>Gets the highest index handed to storage.</summary>
    public LogIndex Handed { get; private set; }

    /// <summary>Gets the highest index durable on this member.</summary>
    public LogIndex Durable { get; private set; }

    /// <summary>Gets the snapshot that waits to be installed, or null.</summary>
    public SnapshotMetadata? PendingSnapshot { get; private set; }

    /// <summary>Gets or sets a value indicating whether the pending snapshot was handed to storage.</summary>
    public bool PendingSnapshotHanded { get; set; }

    /// <summary>Gets a value indicating whether there are entries to hand to storage.</summary>
    public bool HasUnhanded => Handed < Last.Index;

    /// <summary>Gets a value indicating whether there are entries to hand to the state machine.</summary>
    public bool HasCommitted => PendingSnapshot is null && LogIndex.Min(Committed, Durable) > Applying;

    /// <summary>Finds an entry's term.</summary>
    /// <returns>False if the index is not in the log and not just before it.</returns>
    public bool TryGetTerm(LogIndex index, out Term term)
    {
        if (index == Base.Index)
        {
            term = Base.Term;
            return true;
        }

        if (index < Base.Index || index > Last.Index)
        {
            term = default;
            return false;
        }

        term = this[index].Term;
        return true;
    }

    /// <summary>Tells whether the log holds an entry (or it is the base).</summary>
    public bool Contains(EntryId id) => TryGetTerm(id.Index, out Term term) && term == id.Term;

    /// <summary>Gets an entry.</summary>
    public ref readonly Entry this[LogIndex index]
    {
        get
        {
            Debug.Assert(index > Base.Index, "The entry was compacted.");
            Debug.Assert(index <= Last.Index, "The entry does not exist.");
            return ref _entries[_head + (int)(index - Base.Index) - 1];
        }
    }

    /// <summary>Returns a range of entries as one slice, borrowed.</summary>
    public ReadOnlyMemory<Entry> Slice(LogIndex first, LogIndex last)
    {
        if (last < first)
            return default;
        Debug.Assert(first > Base.Index, "The range was compacted.");
        Debug.Assert(last <= Last.Index, "The range does not exist.");
        return new ReadOnlyMemory<Entry>(
            _entries, _head + (int)(first - Base.Index) - 1, (int)(last - first) + 1);
    }

    /// <summary>Returns entries for a message, at least one if there is one; borrowed.</summary>
    public ReadOnlyMemory<Entry> SliceForMessage(LogIndex first, long maxBytes, int maxEntries, out long bytes)
    {
        LogIndex last = Limit(first, Last.Index, maxBytes, maxEntries, out bytes);
        _borrowed |= last >= first;
        return Slice(first, last);
    }

    /// <summary>Appends an entry at the end.</summary>
    public void Append(in Entry entry)
    {
        Invariant.Check(entry.Index == Last.Index.Next, "The log has no holes.");
        Invariant.Check(entry.Term >= Last.Term, "Terms in the log never go back.");
        if (_head + _count == _entries.Length)
            MakeRoom();
        _entries[_head + _count] = entry;
        _count++;
    }

    /// <summary>Cuts the entries after an index, because they conflict with the leader's (Raft §5.3).</summary>
    public void TruncateAfter(LogIndex index)
    {
        Invariant.Check(index >= Committed, "Committed entries are never truncated.");
        Debug.Assert(index < Last.Index, "Something is cut.");
        if (_borrowed)
            Reallocate(_entries.Length);
        int keep = (int)(index - Base.Index);
        // Not released: storage may be writing them. Not cleared above either, so the slots must not linger.
        Array.Clear(_entries, _head + keep, _count - keep);
        _count = keep;
        Handed = LogIndex.Min(Handed, index);
        // What was durable at this place is being overwritten, so it is not durable any more.
        if (!Mutants.CutStaysDurable)
            Durable = LogIndex.Min(Durable, index);
    }

    /// <summary>Raises the commit index; lower values are old news.</summary>
    public bool CommitTo(LogIndex index)
    {
        if (index <= Committed)
            return false;
        Invariant.Check(index <= Last.Index, "The commit index lies beyond the log: entries were lost.");
        Committed = index;
        return true;
    }

    /// <summary>Returns the largest index up to a limit whose term is at most another's, or is unknown.</summary>
    /// <remarks>Skips a whole divergence in one step instead of one entry in each round trip (Raft §5.3).</remarks>
    public EntryId FindConflict(LogIndex limit, Term term)
    {
        if (limit < Base.Index || Base.Term > term)
            return new EntryId(default, LogIndex.Min(limit, LogIndex.Max(Base.Index - 1, default)));
        long low = Base.Index.Value;
        long high = LogIndex.Min(limit, Last.Index).Value;
        while (low < high)
        {
            long middle = low + ((high - low + 1) / 2);
            if (TermAt(middle) <= term)
                low = middle;
            else
                high = middle - 1;
        }

        return new EntryId(TermAt(low), new LogIndex(low));

        Term TermAt(long index) => index == Base.Index.Value ? Base.Term : this[new LogIndex(index)].Term;
    }

    /// <summary>Tells whether a committed change of the membership waits to be applied.</summary>
    public bool HasUnappliedMembership()
    {
        for (LogIndex i = LogIndex.Max(Applied, Base.Index).Next; i <= Committed; i = i.Next)
        {
            if (this[i].Kind is EntryKind.Membership)
                return true;
        }

        return false;
    }

    /// <summary>Finds the last change of the membership that was not applied yet, committed or not.</summary>
    public LogIndex? FindUnappliedMembership()
    {
        LogIndex applied = LogIndex.Max(Applied, Base.Index);
        for (LogIndex i = Last.Index; i > applied; i -= 1)
        {
            if (this[i].Kind is EntryKind.Membership)
                return i;
        }

        return null;
    }

    /// <summary>Tells whether the log holds a change of the membership after an index.</summary>
    public bool HasMembershipAfter(LogIndex index)
    {
        for (LogIndex i = LogIndex.Max(index, Base.Index).Next; i <= Last.Index; i = i.Next)
        {
            if (this[i].Kind is EntryKind.Membership)
                return true;
        }

        return false;
    }

    /// <summary>Sums the payload bytes of a range.</summary>
    public long Bytes(LogIndex after, LogIndex through)
    {
        long bytes = 0;
        foreach (ref readonly Entry entry in Slice(after.Next, through).Span)
            bytes += entry.Payload.Length;
        return bytes;
    }

    /// <summary>Takes the entries for storage; they count as handed.</summary>
    public ReadOnlyMemory<Entry> TakeUnhanded()
    {
        ReadOnlyMemory<Entry> entries = Slice(LogIndex.Max(Handed, Base.Index).Next, Last.Index);
        Handed = Last.Index;
        return entries;
    }

    /// <summary>Takes committed and durable entries for the state machine.</summary>
    public ReadOnlyMemory<Entry> TakeCommitted(long maxBytes)
    {
        if (!HasCommitted)
            return default;
        LogIndex last = LogIndex.Min(Committed, Durable);
        Debug.Assert(Applying >= Base.Index, "What is handed out next is still in the log.");
        LogIndex first = Applying.Next;
        last = Limit(first, last, maxBytes, int.MaxValue, out _);
        Applying = last;
        return Slice(first, last);
    }

    /// <summary>Notes that entries became durable.</summary>
    public void OnDurable(EntryId last)
    {
        // An entry that is not there, or not the same, was overwritten or replaced by a snapshot meanwhile.
        bool isThere = Contains(last) || (Mutants.LateDurabilityCounts && last.Index <= Handed);
        if (last.Index <= Durable || !isThere)
            return;
        Invariant.Check(last.Index <= Handed, "Only what was handed to storage becomes durable.");
        Durable = last.Index;
    }

    /// <summary>Notes that entries were applied.</summary>
    public void OnApplied(LogIndex index)
    {
        Invariant.Check(index <= Applying, "Only what was handed to the state machine is applied.");
        Applied = LogIndex.Max(Applied, index);
    }

    /// <summary>Replaces the log by a snapshot (Raft §7). Nothing is handed out until it is installed.</summary>
    public void Restore(SnapshotMetadata snapshot)
    {
        Invariant.Check(snapshot.LastIncluded.Index > Committed, "A snapshot never takes committed entries back.");
        _entries = new Entry[256];
        _head = 0;
        _count = 0;
        Base = Mutants.SnapshotTermLost ? new EntryId(default, snapshot.LastIncluded.Index) : snapshot.LastIncluded;
        Committed = Durable = Handed = Base.Index;
        PendingSnapshot = snapshot;
        PendingSnapshotHanded = false;
    }

    /// <summary>Notes that a snapshot is durable.</summary>
    public void OnSnapshotInstalled(LogIndex index)
    {
        if (PendingSnapshot?.LastIncluded.Index != index)
            return;
        PendingSnapshot = null;
        Applied = Applying = index;
    }

    /// <summary>Forgets entries up to an index.</summary>
    public void CompactTo(LogIndex index)
    {
        if (index <= Base.Index)
            return;
        Invariant.Check(index <= Applied, "Only applied entries are compacted.");
        Debug.Assert(index <= Durable, "Applied entries are durable.");
        EntryId newBase = this[index].Id;
        int removed = (int)(index - Base.Index);
        Base = newBase;
        if (_borrowed)
        {
            // A message that waits to be taken shows these entries: the collector frees them instead.
            Entry[] larger = new Entry[_entries.Length];
            Array.Copy(_entries, _head + removed, larger, 0, _count - removed);
            _entries = larger;
            _head = 0;
        }
        else
        {
            Release(_entries.AsSpan(_head, removed));
            Array.Clear(_entries, _head, removed);
            _head += removed;
        }

        _count -= removed;
        if (_count == 0)
            _head = 0;
    }

    /// <summary>Says that nothing borrows from the log any more.</summary>
    public void EndBorrowing() => _borrowed = false;

    /// <summary>Releases the references of entries that the log does not keep.</summary>
    public static void Release(ReadOnlySpan<Entry> entries)
    {
        int i = 0;
        while (i < entries.Length)
        {
            EntryBlock? block = entries[i].Block;
            int first = i++;
            while (i < entries.Length && ReferenceEquals(entries[i].Block, block))
                i++;
            block?.Release(i - first);
        }
    }

    private LogIndex Limit(LogIndex first, LogIndex last, long maxBytes, int maxEntries, out long bytes)
    {
        bytes = 0;
        LogIndex limit = first - 1;
        while (limit < last && limit - first + 1 < maxEntries)
        {
            long size = this[limit.Next].Payload.Length;
            if (limit >= first && bytes + size > maxBytes)
                break;
            bytes += size;
            limit = limit.Next;
        }

        return limit;
    }

    private void MakeRoom()
    {
        // Moving down when half is free costs each entry at most one move on average; otherwise the array doubles.
        if (_head >= _entries.Length / 2 && !_borrowed)
        {
            Array.Copy(_entries, _head, _entries, 0, _count);
            Array.Clear(_entries, _count, _entries.Length - _count);
            _head = 0;
        }
        else
        {
            Reallocate(Math.Max(_entries.Length, _count * 2));
        }
    }

    private void Reallocate(int length)
    {
        Entry[] entries = new Entry[length];
        Array.Copy(_entries, _head, entries, 0, _count);
        _entries = entries;
        _head = 0;
    }
}
