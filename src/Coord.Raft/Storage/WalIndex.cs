using System.Diagnostics;

namespace Coord.Raft.Storage;

/// <summary>
/// What the records so far amount to: hard state, where the log begins and ends, the terms in between.
/// </summary>
/// <remarks>
/// Pure bookkeeping, the same when records are written and when they are read, so that a log that was written can be
/// read. Always true: (1) base &lt;= last; (2) terms do not fall along the log; (3) neither term nor commit goes back;
/// (4) segments are in the order of their epochs without a gap.
/// </remarks>
internal sealed class WalIndex
{
    // Ascending; a run ends where the next begins. As short as the number of leaders since the last purge.
    private readonly List<EntryId> _termRuns = [];
    private readonly List<WalSegment> _segments = [];

    public HardState HardState { get; private set; }

    public EntryId Base { get; private set; }

    public EntryId Last { get; private set; }

    public IReadOnlyList<WalSegment> Segments => _segments;

    /// <summary>Begins a segment, with the state as it is.</summary>
    public void StartSegment(ulong epoch, string path)
    {
        Debug.Assert(_segments.Count == 0 || _segments[^1].Epoch + 1 == epoch, "Epochs have no gap.");
        _segments.Add(new WalSegment(epoch, path, Last));
    }

    /// <summary>Takes the state that the oldest segment begins with.</summary>
    public void Restore(HardState hardState, EntryId last)
    {
        Debug.Assert(_segments.Count == 0, "Only the oldest segment brings its state along.");
        HardState = hardState;
        Base = last;
        Last = last;
    }

    /// <summary>Says why a hard state cannot follow the present one; null if it can.</summary>
    public string? WhyNot(HardState next)
    {
        if (next.Term < HardState.Term)
            return $"the term goes back from {HardState.Term} to {next.Term}";
        if (next.Term == HardState.Term && next.Vote != HardState.Vote && !HardState.Vote.IsNone)
            return $"the vote of {next.Term} changes from {HardState.Vote} to {next.Vote}";
        return next.Commit < HardState.Commit
            ? $"the commit index goes back from {HardState.Commit} to {next.Commit}"
            : null;
    }

    /// <summary>Says why an entry cannot be the next; null if it can.</summary>
    public string? WhyNotNext(EntryId id)
    {
        if (id.Index != Last.Index.Next)
            return $"entry {id} does not follow {Last}";
        return id.Term < Last.Term ? $"the term goes back from {Last} to {id}" : null;
    }

    /// <summary>Says why the log cannot be cut after an entry; null if it can.</summary>
    public string? WhyNotCut(EntryId id)
    {
        if (id.Index > Last.Index)
            return $"the log is to be cut at {id} and ends before, at {Last}";
        if (id.Index < HardState.Commit)
            return $"the log is to be cut at {id}, and entries up to {HardState.Commit} are committed";
        return id.Index >= Base.Index && IdAt(id.Index) != id
            ? $"the log is to be cut at {id}, which it does not hold"
            : null;
    }

    /// <summary>Says why the log cannot restart after an entry; null if it can.</summary>
    public string? WhyNotReset(EntryId id) =>
        id.Index < HardState.Commit
            ? $"the log is to restart after {id}, and entries up to {HardState.Commit} are committed"
            : null;

    public void SetHardState(HardState hardState)
    {
        Debug.Assert(WhyNot(hardState) is null, "The caller asked first.");
        HardState = hardState;
    }

    /// <summary>Appends an entry.</summary>
    public void Add(EntryId id)
    {
        Debug.Assert(WhyNotNext(id) is null, "The caller asked first.");
        if (_termRuns.Count == 0 || _termRuns[^1].Term != id.Term)
            _termRuns.Add(id);

        Last = id;
        _segments[^1].HighestLive = id.Index;
    }

    /// <summary>Cuts the log off after an entry.</summary>
    public void Cut(EntryId id)
    {
        Debug.Assert(WhyNotCut(id) is null, "The caller asked first.");
        while (_termRuns.Count > 0 && _termRuns[^1].Index > id.Index)
            _termRuns.RemoveAt(_termRuns.Count - 1);

        Last = id;
        // Only while reading: the base is where an older, purged segment ended, and part of that was cut off later.
        if (Base.Index > id.Index)
            Base = id;

        foreach (WalSegment segment in _segments)
        {
            segment.HighestLive = LogIndex.Min(segment.HighestLive, id.Index);
            if (segment.BaseIfOldest.Index > id.Index)
                segment.BaseIfOldest = id;
        }
    }

    /// <summary>Empties the log; it goes on after an entry.</summary>
    public void Reset(EntryId id)
    {
        Debug.Assert(WhyNotReset(id) is null, "The caller asked first.");
        _termRuns.Clear();
        Base = id;
        Last = id;
        foreach (WalSegment segment in _segments)
        {
            segment.HighestLive = LogIndex.Zero;
            segment.BaseIfOldest = id;
        }
    }

    /// <summary>
    /// Returns the oldest segment if nothing above an index needs it, and others follow; null otherwise.
    /// </summary>
    public WalSegment? OldestUpTo(LogIndex index) =>
        _segments.Count > 1 && _segments[0].HighestLive <= index && _segments[1].BaseIfOldest.Index <= index
            ? _segments[0]
            : null;

    /// <summary>Forgets the oldest segment.</summary>
    public void DropOldest()
    {
        Debug.Assert(_segments.Count > 1, "The current segment stays.");
        _segments.RemoveAt(0);
        Base = _segments[0].BaseIfOldest;
        Debug.Assert(Base.Index <= Last.Index, "The base is not beyond the end.");

        // Keep the run that the base's successor belongs to.
        int obsolete = 0;
        while (obsolete + 1 < _termRuns.Count && _termRuns[obsolete + 1].Index <= Base.Index)
            obsolete++;
        _termRuns.RemoveRange(0, obsolete);
    }

    /// <summary>Returns the id of the entry at an index from the base to the last.</summary>
    public EntryId IdAt(LogIndex index)
    {
        Debug.Assert(index >= Base.Index, "What is before the base is not known.");
        Debug.Assert(index <= Last.Index, "What is behind the last does not exist.");
        if (index == Base.Index)
            return Base;

        int run = _termRuns.Count - 1;
        while (_termRuns[run].Index > index)
            run--;

        return new EntryId(_termRuns[run].Term, index);
    }
}
