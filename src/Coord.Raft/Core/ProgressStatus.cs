namespace Coord.Raft.Core;

/// <summary>What a leader knows of one member.</summary>
internal readonly record struct ProgressStatus
{
    /// <summary>Gets the member's id.</summary>
    public NodeId Id { get; init; }

    /// <summary>Gets how entries are sent.</summary>
    public ProgressState State { get; init; }

    /// <summary>Gets the highest index known to be durable there.</summary>
    public LogIndex Match { get; init; }

    /// <summary>Gets the next index to send.</summary>
    public LogIndex Next { get; init; }

    /// <summary>Gets a value indicating whether the member does not vote.</summary>
    public bool IsLearner { get; init; }

    /// <summary>Gets a value indicating whether sending waits for an answer.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Gets a value indicating whether the member was heard since the last quorum check.</summary>
    public bool RecentActive { get; init; }

    /// <summary>Gets the index of the snapshot under way, or zero.</summary>
    public LogIndex PendingSnapshot { get; init; }

    /// <summary>Gets the number of appends without an answer.</summary>
    public int InflightCount { get; init; }

    /// <summary>Gets a value indicating whether no more may be in flight.</summary>
    public bool InflightFull { get; init; }
}
