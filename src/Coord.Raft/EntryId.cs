namespace Coord.Raft;

/// <summary>
/// Names an entry for ever: two logs that hold the same id hold the same entries up to it (Raft §5.3, log matching).
/// </summary>
/// <param name="Term">The term of the leader that created the entry.</param>
/// <param name="Index">The entry's place in the log.</param>
public readonly record struct EntryId(Term Term, LogIndex Index)
{
    /// <summary>Gets the id before the first entry.</summary>
    public static EntryId Zero => default;

    /// <summary>
    /// Tells whether a log that ends here is at least as up-to-date as one that ends there (Raft §5.4.1).
    /// </summary>
    /// <param name="other">The last entry of the other log.</param>
    public bool IsAtLeastAsUpToDateAs(EntryId other) =>
        Term > other.Term || (Term == other.Term && Index >= other.Index);

    /// <summary>Returns the short form that logs and transcripts use, such as <c>t7/41</c>.</summary>
    public override string ToString() => $"{Term}/{Index}";
}
