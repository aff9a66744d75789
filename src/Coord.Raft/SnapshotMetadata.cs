namespace Coord.Raft;

/// <summary>Says which prefix of the log a snapshot stands for (Raft §7). Immutable.</summary>
/// <param name="LastIncluded">The last entry that the snapshot replaces.</param>
/// <param name="Membership">The membership as of that entry.</param>
public sealed record SnapshotMetadata(EntryId LastIncluded, Membership Membership)
{
    /// <summary>Gets the snapshot of the empty log.</summary>
    public static SnapshotMetadata Empty { get; } = new(EntryId.Zero, Membership.Empty);

    /// <summary>Returns the last included entry and the membership.</summary>
    public override string ToString() => $"{LastIncluded} {Membership}";
}
