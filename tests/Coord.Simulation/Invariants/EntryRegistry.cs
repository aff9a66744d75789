using Coord.Raft;

namespace Coord.Simulation.Invariants;

/// <summary>All entries that ever were in a log, and which of them are committed.</summary>
internal sealed class EntryRegistry
{
    private readonly Dictionary<EntryId, (ulong Digest, EntryId Previous)> _entries = [];
    private readonly List<Term> _committed = [default];

    /// <summary>Gets the highest index that anybody knows to be committed.</summary>
    public LogIndex Committed => new(_committed.Count - 1);

    /// <summary>
    /// Adds an entry. Log matching: an id names one entry, and one that comes before it (Raft §5.3).
    /// </summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Add(in Entry entry, EntryId previous)
    {
        ulong digest = Digest(entry.Payload.Span, (ulong)entry.Kind);
        if (_entries.TryAdd(entry.Id, (digest, previous)))
            return null;

        (ulong known, EntryId before) = _entries[entry.Id];
        return known != digest ? $"Two entries are called {entry.Id}."
            : before != previous ? $"Before {entry.Id} is {previous} here, and {before} elsewhere."
            : null;
    }

    /// <summary>Returns the entry that is committed at an index, if one is.</summary>
    public EntryId? FindCommitted(LogIndex index) =>
        index <= Committed && !index.IsZero && !_committed[(int)index.Value].IsZero
            ? new EntryId(_committed[(int)index.Value], index) : null;

    public void Commit(EntryId id)
    {
        while (_committed.Count <= id.Index.Value)
            _committed.Add(default);
        _committed[(int)id.Index.Value] = id.Term;
    }

    /// <summary>Tells whether a log that ends with an entry holds another.</summary>
    public bool IsHeldBy(EntryId last, EntryId id)
    {
        if (last.Index < id.Index)
            return false;
        if (FindCommitted(last.Index) == last)
            return true; // Then all before it is committed too, and so is the other.

        while (last.Index > id.Index && _entries.TryGetValue(last, out (ulong Digest, EntryId Previous) entry))
            last = entry.Previous;
        return last == id;
    }

    /// <summary>Returns the ids of a log that ends with an entry, from its end to an index.</summary>
    public string Chain(EntryId last, LogIndex end)
    {
        List<EntryId> chain = [last];
        while (chain[^1].Index > end && _entries.TryGetValue(chain[^1], out (ulong Digest, EntryId Previous) entry))
            chain.Add(entry.Previous);
        return string.Join(" after ", chain);
    }

    public static ulong Digest(ReadOnlySpan<byte> bytes, ulong seed)
    {
        ulong digest = 14695981039346656037 ^ seed;
        foreach (ulong part in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(bytes))
            digest = System.Numerics.BitOperations.RotateLeft((digest ^ part) * 0x9E3779B97F4A7C15, 29);
        foreach (byte value in bytes[(bytes.Length & ~7)..])
            digest = (digest ^ value) * 1099511628211;
        return digest;
    }
}
