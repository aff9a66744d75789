using System.Collections.Immutable;

namespace Coord.Raft;

/// <summary>The membership that an operator wants in the end; how to get there is Coord's business.</summary>
/// <remarks>
/// A new voter is first added as a learner that becomes a voter by itself once it has caught up, so that it never
/// counts for a quorum that it cannot serve. Members are removed only after all new voters vote.
/// </remarks>
public sealed record MembershipTarget
{
    /// <summary>Gets the members that shall vote and may lead.</summary>
    public ImmutableArray<MemberAddress> Voters { get; init; } = [];

    /// <summary>Gets the members that shall receive the log and not vote.</summary>
    public ImmutableArray<MemberAddress> Learners { get; init; } = [];

    /// <summary>Gets the members that shall vote and keep the log, without a state machine, and never lead.</summary>
    public ImmutableArray<MemberAddress> Witnesses { get; init; } = [];

    /// <summary>
    /// Gets a value indicating whether the change ends only when the new voters vote, and members go only then.
    /// </summary>
    /// <value>
    /// True by default. If false a new voter is admitted as a learner that becomes a voter by itself, whenever it has
    /// caught up, and the change ends with that.
    /// </value>
    public bool AwaitsPromotion { get; init; } = true;

    /// <summary>Makes the target that changes nothing, as a start for <c>with</c>.</summary>
    /// <param name="membership">The present membership. A learner that promotes itself counts as a voter.</param>
    public static MembershipTarget From(Membership membership)
    {
        ArgumentNullException.ThrowIfNull(membership);
        bool Votes(Member member) =>
            membership.Voters.BinarySearch(member.Id) >= 0 ||
            (member.PromoteWhenCaughtUp && membership.IsLearner(member.Id));

        bool Learns(Member member) =>
            !Votes(member) && (membership.IsLearner(member.Id) || membership.LearnersNext.Contains(member.Id));

        return new MembershipTarget
        {
            Voters = Select(membership, member => Votes(member) && !member.IsWitness),
            Witnesses = Select(membership, member => Votes(member) && member.IsWitness),
            Learners = Select(membership, Learns),
        };
    }

    private static ImmutableArray<MemberAddress> Select(Membership membership, Func<Member, bool> predicate) =>
        [.. membership.Members.Where(predicate).Select(member => new MemberAddress(member.Id, member.Address))];
}
