namespace Coord.Raft.Core;

/// <summary>What this member's log can give to one that is damaged.</summary>
internal sealed partial class RaftCore
{
    /// <summary>Finds what was before an entry that another member's log held: see <c>FragmentedLog</c>.</summary>
    /// <remarks>
    /// Whether the entries are committed, or durable here, does not matter: the two logs are equal up to the entry
    /// (log matching, Raft §5.3), and nothing follows for this member from telling what it reads.
    /// </remarks>
    /// <param name="anchor">The entry.</param>
    /// <param name="floor">The index behind which the other one is missing entries.</param>
    /// <param name="last">The last index that it is missing.</param>
    /// <param name="before">The id before the first of the entries.</param>
    /// <param name="entries">As many of the last ones as fit in a message; borrowed until the next call.</param>
    public RepairAnswer FindBefore(
        EntryId anchor, LogIndex floor, LogIndex last, out EntryId before, out ReadOnlyMemory<Entry> entries)
    {
        (before, entries) = (default, default);
        if (_log.PendingSnapshot is not null)
            return RepairAnswer.Unknown;
        if (!_log.Contains(anchor) || last > anchor.Index)
            return anchor.Index <= _log.Base.Index ? RepairAnswer.Compacted : RepairAnswer.NotHeld;
        if (last < _log.Base.Index)
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

        _log.TryGetTerm(at, out Term term);
        before = new EntryId(term, at);
        entries = _log.Slice(at.Next, last);
        return RepairAnswer.Found;
    }
}
