namespace Coord.Raft.Core;

/// <summary>What this member's log can give to one that is damaged.</summary>
internal sealed partial class RaftCore
{
    /// <summary>
    /// Gets the index of the newest change of the membership that the log holds, or stands on; applied or not.
    /// </summary>
    public LogIndex NewestMembership => _log.FindUnappliedMembership() ?? _membership.Version;

    /// <summary>Finds what was before an entry that another member's log held: see <c>FragmentedLog</c>.</summary>
    /// <remarks>
    /// <para>
    /// Whether the entries are committed, or durable here, does not matter: the two logs are equal up to the entry
    /// (log matching, Raft §5.3), and nothing follows for this member from telling what it reads. Nor does it matter
    /// whether this log reaches that far, if it holds the last entry that the other is missing and both are of one
    /// term: a leader adds to its own log alone, so what it made earlier is before what it made later.
    /// </para>
    /// <para>
    /// That an entry is not held is evidence that it was never committed, so a member that may have forgotten it does
    /// not say so.
    /// </para>
    /// </remarks>
    /// <param name="anchor">The entry.</param>
    /// <param name="floor">The index behind which the other one is missing entries.</param>
    /// <param name="last">The last index that it is missing.</param>
    /// <param name="before">
    /// The id before the first of the entries; where there are none to give, the last id that is committed.
    /// </param>
    /// <param name="entries">As many of the last ones as fit in a message; borrowed until the next call.</param>
    public RepairAnswer FindBefore(
        EntryId anchor, LogIndex floor, LogIndex last, out EntryId before, out ReadOnlyMemory<Entry> entries)
    {
        (before, entries) = (IdAt(_log.Committed), default);
        if (_log.PendingSnapshot is not null || last > anchor.Index)
            return RepairAnswer.Unknown;
        if (!_log.Contains(anchor) && !(last >= _log.Base.Index && _log.Contains(new EntryId(anchor.Term, last))))
            return WhyNotHeld(anchor);

        // That the anchor is here is no news to who names it; the id before it is, even without an entry.
        LogIndex lowest = anchor.Index == last ? _log.Base.Index.Next : _log.Base.Index;
        if (last < lowest)
            return RepairAnswer.Compacted;

        LogIndex end = LogIndex.Max(LogIndex.Min(floor, last), _log.Base.Index);
        LogIndex at = last;
        // The last ones first: a piece of the other log grows downwards, so it needs no room for half an answer.
        for (long bytes = 0; at > end && last - at < _options.MaxAppendEntries; at -= 1)
        {
            bytes += _log[at].Payload.Length;
            if (bytes > _options.MaxAppendBytes && at < last)
                break;
        }

        before = IdAt(at);
        entries = _log.Slice(at.Next, last);
        return RepairAnswer.Found;
    }

    private RepairAnswer WhyNotHeld(EntryId anchor)
    {
        if (anchor.Index <= _log.Base.Index)
            return RepairAnswer.Compacted;
        bool mayBeForgotten = _doubt is { } doubt && anchor.Index <= doubt.Bound && anchor.Index > _log.Committed;
        return mayBeForgotten ? RepairAnswer.Unknown : RepairAnswer.NotHeld;
    }

    private EntryId IdAt(LogIndex index)
    {
        _log.TryGetTerm(index, out Term term);
        return new EntryId(term, index);
    }
}
