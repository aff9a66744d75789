using System.Collections.Immutable;

namespace Coord.Raft.Core;

/// <summary>A picture of the core at one moment, for status pages and tests. Allocates; not for hot paths.</summary>
internal sealed record RaftCoreStatus
{
    /// <summary>Gets the node's id.</summary>
    public required NodeId Id { get; init; }

    /// <summary>Gets the hard state, persisted or not.</summary>
    public required HardState HardState { get; init; }

    /// <summary>Gets the role.</summary>
    public required RaftRole Role { get; init; }

    /// <summary>Gets the leader, or none if not known.</summary>
    public required NodeId Leader { get; init; }

    /// <summary>Gets the member that leadership is being handed to, or none.</summary>
    public required NodeId TransferTarget { get; init; }

    /// <summary>Gets the first index in the log.</summary>
    public required LogIndex FirstIndex { get; init; }

    /// <summary>Gets the last entry in the log.</summary>
    public required EntryId LastEntry { get; init; }

    /// <summary>Gets the highest index known durable on this member.</summary>
    public required LogIndex DurableIndex { get; init; }

    /// <summary>Gets the applied index.</summary>
    public required LogIndex AppliedIndex { get; init; }

    /// <summary>Gets the membership in effect.</summary>
    public required Membership Membership { get; init; }

    /// <summary>Gets the progress of each member, by ascending id; meaningful on a leader.</summary>
    public required ImmutableArray<ProgressStatus> Progress { get; init; }
}
