namespace Coord.Raft.Storage;

/// <summary>What is left of a damaged log: pieces, and between them what is to be had from other members.</summary>
/// <remarks>
/// <para>
/// It stands on log matching (Raft §5.3): two logs that hold an entry with the same index and term are equal up to it.
/// So an entry that was certainly in this log says exactly what was before it, and any member that holds the entry has
/// that, whatever its role, its commit index or its own damage elsewhere. What is put together in this way is the log
/// as it was, to the byte; so the member is afterwards what it was before the damage, with all its promises kept.
/// </para>
/// <para>
/// A piece's own entries are taken for right only up to a later id that it contains: what was lost between two pieces
/// may have been an order to cut the log. The last piece ends with what was the log's end.
/// </para>
/// </remarks>
internal sealed class FragmentedLog
{
    // An answer is one message.
    private const int MaxAnswerEntries = 16 * 1024;
    private const long MaxAnswerBytes = 1024 * 1024;

    private readonly List<LogPiece> _pieces = [];

    /// <summary>Gets the pieces in the order of their indexes; not empty once anything was read.</summary>
    public IReadOnlyList<LogPiece> Pieces => _pieces;

    /// <summary>Gets a value indicating whether nothing is missing.</summary>
    public bool IsWhole => _pieces is [{ IsBeforeKnown: true }];

    /// <summary>Gets the last id; the default for a log of which nothing was read.</summary>
    public EntryId Last => _pieces.Count > 0 ? _pieces[^1].Last : default;

    /// <summary>Takes an entry that was read.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="follows">Whether nothing was lost between it and what was read before.</param>
    public void Add(in Entry entry, bool follows)
    {
        if (follows && _pieces.Count > 0 && _pieces[^1].IsFollowedBy(entry))
        {
            _pieces[^1].Append(entry);
            return;
        }

        // The log ended before it when it was written.
        TrimAfter(entry.Index - 1);
        _pieces.Add(LogPiece.BeginningWith(entry));
    }

    /// <summary>Takes note that the log ended with an entry at this point.</summary>
    public void EndAt(EntryId id)
    {
        TrimAfter(id.Index);
        if (_pieces.Count == 0 || _pieces[^1].Last != id)
            _pieces.Add(LogPiece.After(id));
    }

    /// <summary>Takes note that the log began anew behind an entry.</summary>
    public void BeginAfter(EntryId id)
    {
        _pieces.Clear();
        _pieces.Add(LogPiece.After(id));
    }

    /// <summary>Takes note of a commit index.</summary>
    public void NoteCommit(LogIndex commit)
    {
        if (_pieces.Count > 0)
            _pieces[^1].Commit = LogIndex.Max(_pieces[^1].Commit, commit);
    }

    /// <summary>Gives up what a snapshot stands for: its last entry was in the log, as all that is committed.</summary>
    public void StandOn(EntryId snapshot)
    {
        int holder = _pieces.FindLastIndex(piece => piece.Contains(snapshot));
        if (holder >= 0)
        {
            // Equal up to here, so nothing that is missing before is needed.
            if (holder > 0 || !_pieces[0].IsBeforeKnown)
                _pieces[holder] = _pieces[holder].FromBehind(snapshot);
            _pieces.RemoveRange(0, holder);
        }
        else
        {
            // It lies where something is missing, or behind the end; or the log is of another history and gives way.
            _pieces.RemoveAll(piece => piece.Before.Index < snapshot.Index
                || (piece.IsBeforeKnown && piece.Before.Index == snapshot.Index));
            _pieces.Insert(0, LogPiece.After(snapshot));
        }

        JoinWhatFits();
    }

    /// <summary>Takes what another member has before the second piece.</summary>
    /// <param name="before">The id before the first of the entries.</param>
    /// <param name="entries">Entries that lead up to the second piece.</param>
    /// <returns>False if they do not, or bring nothing new.</returns>
    public bool TryFill(EntryId before, ReadOnlySpan<Entry> entries)
    {
        LogPiece right = _pieces[1];
        if (before.Index + entries.Length != right.Before.Index)
            return false;

        EntryId last = entries.IsEmpty ? before : entries[^1].Id;
        bool fits = right.IsBeforeKnown ? last == right.Before && !entries.IsEmpty : last.Term <= right.Entries[0].Term;
        if (!fits)
            return false;

        right.Prepend(before, entries);
        JoinWhatFits();
        return true;
    }

    /// <summary>Finds what another member is missing, as far as this one is certain of it.</summary>
    /// <param name="anchor">An id that the other's log held.</param>
    /// <param name="floor">The index behind which it is missing entries.</param>
    /// <param name="last">The last index that it is missing.</param>
    /// <param name="before">The id before the first of the entries.</param>
    /// <param name="entries">
    /// As many of the last ones up to <paramref name="last"/> as fit in a message; there may be none.
    /// </param>
    public RepairAnswer FindBefore(
        EntryId anchor, LogIndex floor, LogIndex last, out EntryId before, out ReadOnlyMemory<Entry> entries)
    {
        (before, entries) = (default, default);
        if (last > anchor.Index)
            return RepairAnswer.Unknown;

        for (int i = _pieces.Count - 1; i >= 0; i--)
        {
            if (TryFindIn(_pieces[i], anchor, floor, last, out before, out entries))
                return RepairAnswer.Found;
        }

        // Only before the first piece nothing was lost here: there is the snapshot that it stands on.
        LogPiece first = _pieces[0];
        bool isCompacted = first.IsBeforeKnown && (anchor.Index <= first.Before.Index
            || (first.Contains(anchor) && last <= first.Before.Index));
        return isCompacted ? RepairAnswer.Compacted : RepairAnswer.Unknown;
    }

    /// <summary>
    /// Gives up the first thing that is known to have been behind the hole, and all after it. What the log has lost by
    /// it is the caller's to remember.
    /// </summary>
    public void GiveUpBehindHole()
    {
        EntryId anchor = _pieces[1].Anchor;
        _pieces.RemoveRange(1, _pieces.Count - 1);
        // What was lost may have been an order to cut here; but not what the first piece stands on.
        if (_pieces[0].Last.Index >= anchor.Index)
            _pieces[0].CutAfter(LogIndex.Max(anchor.Index - 1, _pieces[0].Before.Index));
    }

    private static bool TryFindIn(
        LogPiece piece, EntryId anchor, LogIndex floor, LogIndex last, out EntryId before,
        out ReadOnlyMemory<Entry> entries)
    {
        (before, entries) = (default, default);
        if (!piece.Contains(anchor) && !piece.LeadsTo(anchor, last))
            return false;

        // A first entry whose predecessor is unknown here can only be that predecessor for the other.
        LogIndex from = LogIndex.Max(LogIndex.Min(floor, last), piece.Anchor.Index);
        if (last < from)
            return false;
        from = LogIndex.Max(from, piece.BeforeLast(last, MaxAnswerEntries, MaxAnswerBytes));
        if (from == anchor.Index)
            return false; // That the anchor is here is no news to who names it.

        before = piece.IdAt(from);
        entries = piece.Entries.Skip((int)(from - piece.Before.Index)).Take((int)(last - from)).ToArray();
        return true;
    }

    private void JoinWhatFits()
    {
        while (_pieces.Count > 1 && _pieces[1].IsBeforeKnown && _pieces[0].Contains(_pieces[1].Before))
        {
            _pieces[0].CutAfter(_pieces[1].Before.Index);
            _pieces[0].Join(_pieces[1]);
            _pieces.RemoveAt(1);
        }
    }

    private void TrimAfter(LogIndex index)
    {
        _pieces.RemoveAll(piece => piece.WouldBeNothingAfter(index));
        if (_pieces.Count > 0)
            _pieces[^1].CutAfter(index);
    }
}
