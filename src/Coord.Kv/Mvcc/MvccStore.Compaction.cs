using System.Diagnostics;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Mvcc;

/// <content>
/// Compaction goes through the change log, oldest first, in two strides. The first one, <see cref="StepCompaction"/>,
/// takes place at the same command on every member and only counts: it decides what the quota sees. The second one,
/// <see cref="Reclaim"/>, frees the memory, and waits for whoever still reads on this member.
/// Both do a bounded piece at a time, and touch each change once, however many keys there are.
/// </content>
internal sealed partial class MvccStore
{
    private readonly List<long> _pins = [];
    private long _minPin = long.MaxValue;
    private bool _retired;

    /// <summary>Gets the first change that compaction has not counted yet.</summary>
    public long CompactionPosition { get; private set; }

    /// <summary>Gets a value indicating whether there are changes that compaction has yet to count.</summary>
    public bool IsCompacting =>
        CompactionPosition < Changes.End && Changes[CompactionPosition].Stamp.Revision < CompactedRevision;

    /// <summary>Gets a value indicating whether there is memory that nobody needs any more.</summary>
    public bool IsReclaimable => Changes.First < Math.Min(CompactionPosition, _minPin);

    /// <summary>Sets the oldest revision to keep; takes effect for readers at once.</summary>
    public void Compact(long revision)
    {
        Debug.Assert(revision > CompactedRevision, "Compaction never goes back.");
        Debug.Assert(revision <= Revision, "Only what exists is compacted.");
        CompactedRevision = revision;
    }

    /// <summary>Counts, for a bounded number of changes, what the compaction makes unnecessary.</summary>
    public void StepCompaction(int maxChanges)
    {
        while (maxChanges-- > 0 && CompactionPosition < Changes.End)
        {
            // Changes of the compacted revision itself stay: a watch may start there, and would miss a deletion.
            KeyVersion change = Changes[CompactionPosition];
            if (change.Stamp.Revision >= CompactedRevision)
                break;

            // What was before this change of this key can be seen by nobody any more; a tombstone says nothing then.
            if (change.Previous is { IsTombstone: false } previous)
                UsedBytes -= previous.Cost;
            if (change.IsTombstone)
                UsedBytes -= change.Cost;
            CompactionPosition++;
        }

        PrefetchCompaction();
        Debug.Assert(UsedBytes >= 0, "Nothing is freed twice.");
    }

    /// <summary>
    /// Returns what one more revision and a compaction to it would give back, if all history is given up already.
    /// </summary>
    /// <remarks>
    /// The changes of the compacted revision stay for a watch that starts there. If that is the newest revision, and
    /// the one that made room by deleting, nothing but another revision can free what it superseded.
    /// </remarks>
    public long HeldByNewestRevision()
    {
        if (CompactedRevision < Revision)
            return 0;

        long held = 0;
        for (long position = CompactionPosition; position < Changes.End; position++)
        {
            KeyVersion change = Changes[position];
            if (change.Previous is { IsTombstone: false } previous)
                held += previous.Cost;
            if (change.IsTombstone)
                held += change.Cost;
        }

        return held;
    }

    /// <summary>Frees, for a bounded number of changes, the memory of what was counted.</summary>
    public void Reclaim(int maxChanges)
    {
        long end = Math.Min(CompactionPosition, _minPin);
        while (maxChanges-- > 0 && Changes.First < end)
        {
            KeyVersion change = Changes.RemoveFirst();
            KeyHistory history = change.History;
            if (_versions.Reclaim(change))
                _index.Remove(history);
        }
    }

    /// <summary>
    /// Has at hand what the next steps look at: made long ago, it is in no cache, while each command has more to do.
    /// </summary>
    private void PrefetchCompaction()
    {
        if (CompactionPosition + 2 >= Changes.End)
            return;

        Changes.Prefetch(CompactionPosition + 2);
        Changes[CompactionPosition + 1].PrefetchLinks();
    }

    /// <summary>Keeps the memory of a change and all later ones until <see cref="Unpin"/>.</summary>
    public void Pin(long sequence)
    {
        Debug.Assert(sequence >= Changes.First, "What is gone cannot be kept.");
        _pins.Add(sequence);
        _minPin = Math.Min(_minPin, sequence);
    }

    public void Unpin(long sequence)
    {
        bool removed = _pins.Remove(sequence);
        Debug.Assert(removed, "A pin is taken away once.");
        _minPin = long.MaxValue;
        foreach (long pin in _pins)
            _minPin = Math.Min(_minPin, pin);
        if (_retired && _pins.Count == 0)
            Dispose();
    }

    /// <summary>Says that another store has taken the place of this one: it goes with the last pin.</summary>
    public void Retire()
    {
        _retired = true;
        if (_pins.Count == 0)
            Dispose();
    }

    /// <summary>Frees all memory; nothing may be read any more.</summary>
    public void Dispose() => _arena.Dispose();
}
