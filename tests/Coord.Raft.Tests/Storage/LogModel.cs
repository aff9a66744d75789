using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>A log as it was at one moment: a list of entries and a hard state, too simple to be wrong.</summary>
internal sealed record LogModel(HardState HardState, EntryId Base, IReadOnlyList<Entry> Entries)
{
    public static LogModel Empty { get; } = new(default, EntryId.Zero, []);

    public EntryId Last => Entries.Count == 0 ? Base : Entries[^1].Id;

    public LogModel Append(HardState? hardState, ReadOnlySpan<Entry> entries, EntryId? reset)
    {
        LogModel next = reset is { } restart ? new LogModel(HardState, restart, []) : this;
        if (!entries.IsEmpty)
        {
            LogIndex first = entries[0].Index;
            next = next with { Entries = [.. next.Entries.TakeWhile(entry => entry.Index < first), .. entries] };
        }

        return hardState is { } state ? next with { HardState = state } : next;
    }

    /// <summary>Returns the id of an entry, or of the base.</summary>
    public EntryId IdAt(long index) =>
        index == Base.Index.Value ? Base : Entries[(int)(index - Base.Index.Value - 1)].Id;

    /// <summary>Says how a recovered log differs from this one; null if it does not.</summary>
    /// <param name="recovery">What was recovered.</param>
    /// <param name="purged">Up to where entries may be gone.</param>
    public string? Compare(WalRecovery recovery, LogIndex purged)
    {
        if (recovery.HardState != HardState)
            return $"the hard state is {recovery.HardState} instead of {HardState}";
        if (recovery.LastEntry != Last)
            return $"the log ends with {recovery.LastEntry} instead of {Last}";
        if (recovery.LogBase.Index < Base.Index)
            return $"the log begins behind {recovery.LogBase} instead of {Base}";
        if (recovery.LogBase.Index > LogIndex.Max(Base.Index, purged))
            return $"the log begins behind {recovery.LogBase}, though only entries up to {purged} were purged";
        if (recovery.LogBase != IdAt(recovery.LogBase.Index.Value))
            return $"the base is {recovery.LogBase} instead of {IdAt(recovery.LogBase.Index.Value)}";

        int skipped = (int)(recovery.LogBase.Index - Base.Index);
        if (recovery.Entries.Length != Entries.Count - skipped)
            return $"there are {recovery.Entries.Length} entries instead of {Entries.Count - skipped}";

        for (int i = 0; i < recovery.Entries.Length; i++)
        {
            Entry found = recovery.Entries.Span[i];
            Entry expected = Entries[i + skipped];
            if (found.Id != expected.Id || found.Kind != expected.Kind)
                return $"there is {found} instead of {expected}";
            if (!found.Payload.Span.SequenceEqual(expected.Payload.Span))
                return $"the payload of {found} differs";
        }

        return null;
    }
}
