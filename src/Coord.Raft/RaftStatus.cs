namespace Coord.Raft;

/// <summary>How a node stands at one moment. Immutable.</summary>
public sealed record RaftStatus
{
    /// <summary>Gets the member's id.</summary>
    public NodeId Id { get; init; }

    /// <summary>Gets what it does at present.</summary>
    public RaftRole Role { get; init; }

    /// <summary>Gets the leader, or none if it knows none.</summary>
    public NodeId Leader { get; init; }

    /// <summary>Gets the term.</summary>
    public Term Term { get; init; }

    /// <summary>Gets the highest index known committed.</summary>
    public LogIndex Commit { get; init; }

    /// <summary>Gets the highest index applied to the state machine.</summary>
    public LogIndex Applied { get; init; }

    /// <summary>Gets the last entry of the log.</summary>
    public EntryId LastEntry { get; init; }

    /// <summary>Gets the first index that the log still holds.</summary>
    public LogIndex FirstIndex { get; init; }

    /// <summary>Gets the index of the newest snapshot.</summary>
    public LogIndex SnapshotIndex { get; init; }

    /// <summary>
    /// Gets a value indicating whether damage to the log is being repaired from other members. The member's vote does
    /// not count, or not by itself, until that is done.
    /// </summary>
    public bool IsRepairing { get; init; }

    /// <summary>Gets the membership as applied.</summary>
    public Membership Membership { get; init; } = Membership.Empty;

    /// <summary>Gets how far the leader knows each member's log to match; empty on others.</summary>
    public IReadOnlyDictionary<NodeId, LogIndex> Match { get; init; } = new Dictionary<NodeId, LogIndex>();
}
