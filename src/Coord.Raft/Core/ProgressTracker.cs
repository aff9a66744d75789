using System.Collections.Immutable;

namespace Coord.Raft.Core;

/// <summary>The members of the membership in effect, by ascending id, and the decisions of their majorities.</summary>
/// <param name="maxInflight">How many appends may be in flight to one member.</param>
/// <param name="maxInflightBytes">How many bytes; zero is no limit.</param>
internal sealed class ProgressTracker(int maxInflight, long maxInflightBytes)
{
    private Progress[] _members = [];

    /// <summary>Gets the members by ascending id.</summary>
    public ReadOnlySpan<Progress> Members => _members;

    /// <summary>Gets a value indicating whether one voter decides alone.</summary>
    public bool IsSingleton { get; private set; }

    /// <summary>Gets a value indicating whether a learner waits for its promotion.</summary>
    public bool HasPromotable { get; private set; }

    /// <summary>Finds a member.</summary>
    public Progress? Find(NodeId id)
    {
        foreach (Progress progress in _members)
        {
            if (progress.Id == id)
                return progress;
        }

        return null;
    }

    /// <summary>Takes over a membership; what is known of members that stay is kept.</summary>
    /// <param name="membership">The membership.</param>
    /// <param name="lastIndex">The end of the log, where new members are probed.</param>
    /// <param name="tick">The present tick.</param>
    public void Apply(Membership membership, LogIndex lastIndex, long tick)
    {
        SortedDictionary<NodeId, Progress> next = [];
        foreach (NodeId id in AllIds(membership))
        {
            membership.TryGetMember(id, out Member member);
            Progress? progress = Find(id);
            // The same id in another session is another member: nothing that its predecessor said may count.
            if (progress is null || progress.Session != member.AddedAt)
            {
                progress = new Progress(id, member.AddedAt, new Inflights(maxInflight, maxInflightBytes));
                progress.Reset(default, LogIndex.Max(lastIndex, new LogIndex(1)));
                // Not counted as lost before it had the time to answer.
                progress.RecentActive = true;
                progress.HeardAt = tick;
            }

            progress.IsVoter = membership.Voters.BinarySearch(id) >= 0;
            progress.IsVoterOutgoing = membership.VotersOutgoing.BinarySearch(id) >= 0;
            progress.IsLearner = membership.IsLearner(id);
            progress.IsWitness = member.IsWitness;
            progress.PromoteWhenCaughtUp = member.PromoteWhenCaughtUp;
            next.Add(id, progress);
        }

        _members = [.. next.Values];
        IsSingleton = membership.Voters.Length == 1 && !membership.IsJoint;
        HasPromotable = _members.Any(progress => progress.IsLearner && progress.PromoteWhenCaughtUp);
    }

    /// <summary>Returns the highest index that a quorum holds durably (Raft §5.3).</summary>
    public LogIndex Committed() => new(Reached(static (progress, _) => progress.Match.Value, default));

    /// <summary>Returns the latest confirmation round that a quorum has answered, of which the leader is one.</summary>
    public long ConfirmedRound(NodeId self) => Reached(
        static (progress, self) => progress.Id == self ? long.MaxValue : progress.AckedRound, self);

    /// <summary>Returns the highest commit index that a quorum has reported.</summary>
    public LogIndex KnownCommit() => new(Reached(static (progress, _) => progress.KnownCommit.Value, default));

    /// <summary>Tells where the election stands.</summary>
    public VoteResult Votes() => Count(
        static progress => progress.Vote, static progress => progress.Vote is true && progress.IsVoteInDoubt);

    /// <summary>Tells whether a quorum was heard since the last check.</summary>
    public bool IsQuorumActive() =>
        Count(static progress => progress.RecentActive, static _ => false) is VoteResult.Won;

    /// <summary>Forgets all votes.</summary>
    public void ResetVotes()
    {
        foreach (Progress progress in _members)
            progress.Vote = null;
    }

    /// <summary>Tells whether the voters of a membership that were heard of late are a quorum of it.</summary>
    public bool WouldHaveQuorum(Membership membership, NodeId self, long heardSince) =>
        JointQuorum.Vote(
            Responsive(membership.Voters, self, heardSince),
            Responsive(membership.VotersOutgoing, self, heardSince)) is VoteResult.Won;

    private static IEnumerable<NodeId> AllIds(Membership membership) =>
        membership.Voters.Concat(membership.VotersOutgoing).Concat(membership.Learners).Distinct();

    private VoteResult Responsive(ImmutableArray<NodeId> voters, NodeId self, long heardSince)
    {
        int responsive = 0;
        foreach (NodeId id in voters)
        {
            if (id == self || Find(id) is { } progress && progress.HeardAt >= heardSince)
                responsive++;
        }

        return MajorityQuorum.Vote(voters.Length, responsive, voters.Length - responsive);
    }

    private long Reached(Func<Progress, NodeId, long> value, NodeId self)
    {
        const int OnStack = 32;
        Span<long> incoming = _members.Length <= OnStack ? stackalloc long[OnStack] : new long[_members.Length];
        Span<long> outgoing = _members.Length <= OnStack ? stackalloc long[OnStack] : new long[_members.Length];
        int incomingCount = 0;
        int outgoingCount = 0;
        foreach (Progress progress in _members)
        {
            if (progress.IsVoter)
                incoming[incomingCount++] = value(progress, self);
            if (progress.IsVoterOutgoing)
                outgoing[outgoingCount++] = value(progress, self);
        }

        return JointQuorum.Reached(
            MajorityQuorum.Reached(incoming[..incomingCount]), MajorityQuorum.Reached(outgoing[..outgoingCount]));
    }

    private VoteResult Count(Func<Progress, bool?> answer, Func<Progress, bool> isInDoubt)
    {
        (int Voters, int Granted, int Refused, int InDoubt) incoming = default;
        (int Voters, int Granted, int Refused, int InDoubt) outgoing = default;
        foreach (Progress progress in _members)
        {
            bool? vote = answer(progress);
            if (progress.IsVoter)
                Add(ref incoming, vote, isInDoubt(progress));
            if (progress.IsVoterOutgoing)
                Add(ref outgoing, vote, isInDoubt(progress));
        }

        return JointQuorum.Vote(
            MajorityQuorum.Vote(incoming.Voters, incoming.Granted, incoming.Refused, incoming.InDoubt),
            MajorityQuorum.Vote(outgoing.Voters, outgoing.Granted, outgoing.Refused, outgoing.InDoubt));

        static void Add(
            ref (int Voters, int Granted, int Refused, int InDoubt) half, bool? vote, bool isInDoubt)
        {
            half.Voters++;
            half.Granted += vote is true ? 1 : 0;
            half.Refused += vote is false ? 1 : 0;
            half.InDoubt += isInDoubt ? 1 : 0;
        }
    }
}
