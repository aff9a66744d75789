using System.Collections.Immutable;

namespace Coord.Raft;

/// <summary>Who belongs to the cluster, and in which part (Raft §6). Immutable.</summary>
/// <remarks>
/// All lists are sorted by id. While <see cref="VotersOutgoing"/> is not empty the membership is joint: decisions need
/// a majority of both lists. A member is in <see cref="LearnersNext"/> if it is still a voter of the outgoing half and
/// becomes a learner when the joint membership is left.
/// </remarks>
public sealed record Membership
{
    /// <summary>Gets the membership of a member that has not heard of its cluster yet.</summary>
    public static Membership Empty { get; } = new();

    /// <summary>Gets the voters, the incoming half if joint.</summary>
    public ImmutableArray<NodeId> Voters { get; init; } = [];

    /// <summary>Gets the voters of the membership being left; empty unless joint.</summary>
    public ImmutableArray<NodeId> VotersOutgoing { get; init; } = [];

    /// <summary>Gets those who receive the log but do not vote.</summary>
    public ImmutableArray<NodeId> Learners { get; init; } = [];

    /// <summary>Gets the voters who become learners when the joint membership is left.</summary>
    public ImmutableArray<NodeId> LearnersNext { get; init; } = [];

    /// <summary>Gets a value indicating whether a joint membership is left by itself once it is applied.</summary>
    public bool AutoLeave { get; init; }

    /// <summary>Gets what is known of each member besides its part, sorted by id.</summary>
    public ImmutableArray<Member> Members { get; init; } = [];

    /// <summary>Gets the index of the configuration entry that made this membership; zero for an initial one.</summary>
    public LogIndex Version { get; init; }

    /// <summary>Gets a value indicating whether decisions need two majorities.</summary>
    public bool IsJoint => !VotersOutgoing.IsEmpty;
}
