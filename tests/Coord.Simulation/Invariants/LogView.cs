using Coord.Raft;
using Coord.Raft.Core;

namespace Coord.Simulation.Invariants;

/// <summary>What a member's log looked like after its last turn: the terms of its entries.</summary>
internal sealed class LogView
{
    private readonly List<Term> _terms = [];
    private int _head;

    /// <summary>Gets the entry before the first.</summary>
    public EntryId Base { get; private set; }

    public EntryId Last => _terms.Count == _head ? Base : new EntryId(_terms[^1], LastIndex);

    private LogIndex LastIndex => Base.Index + (_terms.Count - _head);

    public bool TryGetTerm(LogIndex index, out Term term)
    {
        term = Base.Term;
        if (index < Base.Index || index > LastIndex)
            return false;
        if (index > Base.Index)
            term = _terms[_head + (int)(index - Base.Index) - 1];
        return true;
    }

    /// <summary>Returns the last index of an earlier term, or the one before the first.</summary>
    public LogIndex LastBefore(Term term)
    {
        LogIndex index = LastIndex;
        while (TryGetTerm(index, out Term found) && found >= term)
            index = new(index.Value - 1);
        return index;
    }

    public bool Contains(EntryId id) => TryGetTerm(id.Index, out Term term) && term == id.Term;

    /// <summary>Follows the log.</summary>
    /// <param name="core">Whose log it is.</param>
    /// <param name="truncated">The first index that is no longer what it was, if there is one.</param>
    /// <returns>The entries that are new.</returns>
    public ReadOnlySpan<Entry> Follow(RaftCore core, out LogIndex? truncated)
    {
        truncated = null;
        ReadOnlySpan<Entry> entries = core.EntriesForTests().Span;
        LogIndex first = core.FirstIndex;
        if (first.Value - 1 > LastIndex.Value)
        {
            // A snapshot took the place of everything.
            _terms.Clear();
            _head = 0;
        }

        if (first.Value - 1 > Base.Index.Value)
            DropBefore(first);
        Base = core.LogBase;

        LogIndex same = LogIndex.Min(LastIndex, core.LastEntry.Index);
        while (same >= first && entries[(int)(same - first)].Term != _terms[_head + (int)(same - first)])
            same -= 1;
        if (same < LastIndex)
        {
            truncated = same.Next;
            _terms.RemoveRange(_head + (int)(same - first) + 1, _terms.Count - _head - (int)(same - first) - 1);
        }

        ReadOnlySpan<Entry> added = entries[(int)(LastIndex.Next - first)..];
        foreach (ref readonly Entry entry in added)
            _terms.Add(entry.Term);
        return added;
    }

    private void DropBefore(LogIndex first)
    {
        _head += Math.Min((int)(first - Base.Index) - 1, _terms.Count - _head);
        if (_head > 1024 && _head > _terms.Count / 2)
        {
            _terms.RemoveRange(0, _head);
            _head = 0;
        }
    }
}
