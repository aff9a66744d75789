namespace Coord.Kv;

/// <summary>How to read a range.</summary>
public sealed record GetOptions
{
    /// <summary>Gets the revision to read at.</summary>
    /// <value>Zero by default: the newest.</value>
    public Revision Revision { get; init; }

    /// <summary>Gets how many keys to return at most.</summary>
    /// <value>Zero by default: all of them.</value>
    /// <remarks>For pages, keep <see cref="GetResult.Revision"/> of the first page for the others.</remarks>
    public long Limit { get; init; }

    /// <summary>Gets a value indicating whether values are left empty.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>Gets a value indicating whether only <see cref="GetResult.Count"/> is wanted, and no keys.</summary>
    public bool CountOnly { get; init; }

    /// <summary>Gets a value indicating whether this member may answer from what it has.</summary>
    /// <value>False by default: the answer includes every write that ended before the call began.</value>
    /// <remarks>A serializable read needs no quorum and may be stale, but never shows half a transaction.</remarks>
    public bool Serializable { get; init; }

    /// <summary>Gets what the keys are sorted by, before the limit cuts.</summary>
    /// <value>By the key by default.</value>
    public SortTarget SortBy { get; init; }

    /// <summary>Gets in which order.</summary>
    /// <value>Ascending by default. Keys that are equal in what they are sorted by come in any order.</value>
    public SortOrder SortOrder { get; init; }

    /// <summary>Gets the oldest mod revision of the keys to return.</summary>
    /// <value>Zero by default: all. The count ignores it.</value>
    public Revision MinModRevision { get; init; }

    /// <summary>Gets the newest mod revision of the keys to return.</summary>
    /// <value>Zero by default: all. The count ignores it.</value>
    public Revision MaxModRevision { get; init; }

    /// <summary>Gets the oldest create revision of the keys to return.</summary>
    /// <value>Zero by default: all. The count ignores it.</value>
    public Revision MinCreateRevision { get; init; }

    /// <summary>Gets the newest create revision of the keys to return.</summary>
    /// <value>Zero by default: all. The count ignores it.</value>
    public Revision MaxCreateRevision { get; init; }
}
