namespace Coord.Raft.Storage;

/// <summary>What a write-ahead log held when it was opened.</summary>
internal sealed record WalRecovery
{
    /// <summary>Gets the last hard state; the default for a new log.</summary>
    public HardState HardState { get; init; }

    /// <summary>Gets the id of the entry before the first of <see cref="Entries"/>.</summary>
    public EntryId LogBase { get; init; }

    /// <summary>Gets the entries, each with a reference on its block that now belongs to the receiver.</summary>
    public ReadOnlyMemory<Entry> Entries { get; init; }

    /// <summary>
    /// Gets how many bytes of an unfinished write were cut off after the last complete group. They were above every
    /// mark, so nobody can have been told that they were durable, unless the power failed within moments of it.
    /// </summary>
    public long TornBytesCut { get; init; }

    /// <summary>
    /// Gets what the log may have lost: a tail that was cut, now or before, might have been durable and then damaged,
    /// which no mark proves and none refutes. A member is careful with its vote until a leader has brought it up to
    /// date; a single node goes on and says so.
    /// </summary>
    public LogDoubt? Doubt { get; init; }

    /// <summary>Gets the id that the first cut record claimed, if its header was legible.</summary>
    public EntryId? SuspectEntry { get; init; }

    /// <summary>Gets the last index that was known durable before the log was opened.</summary>
    public LogIndex DurableMark { get; init; }

    /// <summary>Gets the id of the last entry, or of the base if there is none.</summary>
    public EntryId LastEntry => Entries.IsEmpty ? LogBase : Entries.Span[^1].Id;
}
