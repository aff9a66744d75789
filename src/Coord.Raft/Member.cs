namespace Coord.Raft;

/// <summary>One member of a cluster, whatever its part.</summary>
/// <param name="Id">The member's id.</param>
/// <param name="AddedAt">The index of the configuration entry that added it: its replication session.</param>
/// <param name="Address">Where its transport can be reached, in the transport's notation; empty if not known.</param>
/// <param name="IsWitness">Whether it votes and keeps the log but has no state machine, and never leads.</param>
/// <param name="PromoteWhenCaughtUp">Whether, as a learner, it becomes a voter by itself once it has caught up.</param>
public readonly record struct Member(
    NodeId Id, LogIndex AddedAt, string Address, bool IsWitness = false, bool PromoteWhenCaughtUp = false);
