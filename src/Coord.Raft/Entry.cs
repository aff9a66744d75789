namespace Coord.Raft;

/// <summary>One entry of the replicated log.</summary>
/// <remarks>
/// The payload is borrowed: it lives in <see cref="Block"/>, or in memory that nobody changes if that is null.
/// Whoever keeps an entry beyond the call that showed it either holds a reference on the block or copies.
/// </remarks>
/// <param name="Id">The entry's term and index.</param>
/// <param name="Kind">Who interprets the payload.</param>
/// <param name="Payload">The bytes, opaque to the log.</param>
/// <param name="Block">The pooled memory behind the payload, or null if the collector owns it.</param>
public readonly record struct Entry(EntryId Id, EntryKind Kind, ReadOnlyMemory<byte> Payload, EntryBlock? Block = null)
{
    /// <summary>Gets the entry's term.</summary>
    public Term Term => Id.Term;

    /// <summary>Gets the entry's index.</summary>
    public LogIndex Index => Id.Index;

    /// <summary>Returns the id, kind and size, such as <c>t7/41 Command 256 B</c>.</summary>
    public override string ToString() => $"{Id} {Kind} {Payload.Length} B";
}
