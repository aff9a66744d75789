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
}
