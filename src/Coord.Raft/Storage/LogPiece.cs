using System.Diagnostics;

namespace Coord.Raft.Storage;

/// <summary>A run of entries that were read one after the other: nothing was damaged between them.</summary>
/// <remarks>
/// Always true: (1) indexes have no gap and terms do not fall; (2) a piece without entries knows what is before it.
/// </remarks>
internal sealed class LogPiece
{
    private readonly List<Entry> _entries = [];

    private LogPiece(EntryId before, bool isBeforeKnown) => (Before, IsBeforeKnown) = (before, isBeforeKnown);

    /// <summary>Gets the id before the first entry; of its term nothing is known if that was lost.</summary>
    public EntryId Before { get; private set; }

    /// <summary>Gets a value indicating whether the term of <see cref="Before"/> is known.</summary>
    public bool IsBeforeKnown { get; private set; }

    /// <summary>Gets the entries.</summary>
    public IReadOnlyList<Entry> Entries => _entries;

    /// <summary>Gets the last entry's id.</summary>
    public EntryId Last => _entries.Count > 0 ? _entries[^1].Id : Before;

    /// <summary>Gets an id that the log held for sure, and that identifies by itself all that was before it.</summary>
    public EntryId Anchor => IsBeforeKnown ? Before : _entries[0].Id;

    /// <summary>Gets or sets the highest commit index that was read while this was the last piece.</summary>
    public LogIndex Commit { get; set; }

    /// <summary>Makes a piece of which only the id before it is known so far.</summary>
    public static LogPiece After(EntryId before) => new(before, isBeforeKnown: true);

    /// <summary>Makes a piece that begins with an entry, behind something that was lost.</summary>
    public static LogPiece BeginningWith(in Entry entry)
    {
        LogPiece piece = new(new EntryId(default, entry.Index - 1), isBeforeKnown: false);
        piece.Append(entry);
        return piece;
    }

    /// <summary>Tells whether an entry can be the next.</summary>
    public bool IsFollowedBy(in Entry entry) => entry.Index == Last.Index.Next && entry.Term >= Last.Term;

    /// <summary>Appends an entry.</summary>
    public void Append(in Entry entry)
    {
        Debug.Assert(_entries.Count == 0 || IsFollowedBy(entry), "A piece has no gap.");
        _entries.Add(entry);
    }

    /// <summary>Tells whether an id is here, as that of an entry or of what is before the first.</summary>
    public bool Contains(EntryId id)
    {
        if (id.Index == Before.Index)
            return IsBeforeKnown && id == Before;

        long place = id.Index - Before.Index - 1;
        return place >= 0 && place < _entries.Count && _entries[(int)place].Id == id;
    }

    /// <summary>
    /// Tells whether an earlier entry is here that the leader made who made a later one: then it was before that in
    /// every log, since a leader adds to its own log alone.
    /// </summary>
    public bool LeadsTo(EntryId later, LogIndex earlier) =>
        earlier < later.Index && Contains(new EntryId(later.Term, earlier));

    /// <summary>Returns an id that is here.</summary>
    public EntryId IdAt(LogIndex index) =>
        index == Before.Index ? Before : _entries[(int)(index - Before.Index) - 1].Id;

    /// <summary>Finds what is before the last entries up to one, at most so many and at least one.</summary>
    public LogIndex BeforeLast(LogIndex last, int count, long bytes)
    {
        LogIndex at = last;
        for (; at > Before.Index && last - at < count; at -= 1)
        {
            bytes -= _entries[(int)(at - Before.Index) - 1].Payload.Length;
            if (bytes < 0 && at < last)
                break;
        }

        return at;
    }

    /// <summary>Drops what is behind an index, if something is left then.</summary>
    public void CutAfter(LogIndex index)
    {
        Debug.Assert(!WouldBeNothingAfter(index), "What is left of a piece is a piece.");
        int keep = (int)Math.Min(_entries.Count, index - Before.Index);
        _entries.RemoveRange(keep, _entries.Count - keep);
        Commit = LogIndex.Min(Commit, Last.Index);
    }

    /// <summary>Tells whether nothing is left when what is behind an index goes.</summary>
    public bool WouldBeNothingAfter(LogIndex index) => IsBeforeKnown ? index < Before.Index : index <= Before.Index;

    /// <summary>Drops what is before an entry that is here, and the entry; its id is what is before the rest.</summary>
    public LogPiece FromBehind(EntryId id)
    {
        Debug.Assert(Contains(id), "The caller asked first.");
        LogPiece rest = After(id);
        rest._entries.AddRange(_entries.Skip((int)(id.Index - Before.Index)));
        rest.Commit = Commit;
        return rest;
    }

    /// <summary>Puts entries before the first.</summary>
    public void Prepend(EntryId before, ReadOnlySpan<Entry> entries)
    {
        Debug.Assert(before.Index + entries.Length == Before.Index, "What is put before a piece leads up to it.");
        _entries.InsertRange(0, entries);
        (Before, IsBeforeKnown) = (before, true);
    }

    /// <summary>Appends another piece, before which this piece ends.</summary>
    public void Join(LogPiece next)
    {
        Debug.Assert(next.IsBeforeKnown && next.Before == Last, "The pieces fit together.");
        _entries.AddRange(next._entries);
        Commit = LogIndex.Max(Commit, next.Commit);
    }
}
