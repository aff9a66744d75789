using System.Collections.Immutable;
using Coord.Raft.Core;

namespace Coord.Raft.Tests.Core;

/// <summary>Raft §6, thesis §4: membership changes.</summary>
public sealed class MembershipPaperTests
{
    [Fact]
    public void A_change_takes_effect_when_it_is_applied()
    {
        Bench bench = Leader(voters: 1);
        Assert.Equal(ProposeStatus.Accepted, bench.Core.ProposeMembership(Add(2), out EntryId id));
        Assert.Equal([1UL], Ids(bench.Core.Membership.Voters));
        bench.Settle();
        Assert.Equal([1UL, 2], Ids(bench.Core.Membership.Voters));
        Assert.Equal(id.Index, bench.Core.Membership.Version);
        Assert.True(bench.Core.Membership.TryGetMember(new NodeId(2), out Member added));
        Assert.Equal(id.Index, added.AddedAt);
        // From now on its disk is needed.
        EntryId next = bench.Propose();
        bench.Settle();
        Assert.True(bench.Core.CommitIndex < next.Index);
    }

    [Fact]
    public void A_change_is_refused_until_the_leader_has_applied_all_that_it_inherited()
    {
        Bench bench = Bench.Create(log: [1, 1], options: Trusting);
        bench.Lead();
        Assert.Equal(ProposeStatus.NotYetApplied, bench.Core.ProposeMembership(Add(4), out _));
        bench.Receive(bench.Ack(2, 3));
        Assert.Equal(ProposeStatus.Accepted, bench.Core.ProposeMembership(Add(4), out _));
    }

    [Fact]
    public void A_second_change_is_refused_while_one_is_pending()
    {
        Bench bench = Leader();
        Assert.Equal(ProposeStatus.Accepted, bench.Core.ProposeMembership(Add(4), out EntryId first));
        Assert.Equal(ProposeStatus.MembershipPending, bench.Core.ProposeMembership(Add(5), out _));
        bench.Settle();
        bench.Receive(bench.Ack(2, first.Index.Value));
        Assert.Equal(ProposeStatus.Accepted, bench.Core.ProposeMembership(Add(5), out _));
    }

    [Fact]
    public void A_change_for_another_version_is_refused()
    {
        Bench bench = Leader();
        MembershipChange change = Add(4) with { ExpectedVersion = new LogIndex(9) };
        Assert.Equal(ProposeStatus.VersionMismatch, bench.Core.ProposeMembership(change, out _));
        change = change with { ExpectedVersion = LogIndex.Zero };
        Assert.Equal(ProposeStatus.Accepted, bench.Core.ProposeMembership(change, out _));
    }

    [Fact]
    public void A_change_that_does_not_fit_is_refused()
    {
        Bench bench = Leader(voters: 1);
        Assert.Equal(ProposeStatus.Invalid, bench.Core.ProposeMembership(MembershipChange.LeaveJoint, out _));
        Assert.Equal(ProposeStatus.Invalid, bench.Core.ProposeMembership(Remove(1), out _));
        Bench follower = Bench.Create();
        Assert.Equal(ProposeStatus.NotLeader, follower.Core.ProposeMembership(Add(4), out _));
    }

    [Fact]
    public void A_change_whose_voters_have_no_quorum_that_answers_is_refused()
    {
        Bench bench = Leader(options: options => options with { RefuseQuorumLoss = true });
        bench.Ticks(20);
        bench.Receive(bench.HeartbeatAck(2));
        // Members 3 and 4 are silent: 1 and 2 are a quorum of three, and would not be one of four.
        Assert.Equal(ProposeStatus.WouldLoseQuorum, bench.Core.ProposeMembership(Add(4), out _));
        Assert.Equal(ProposeStatus.Accepted, bench.Core.ProposeMembership(Remove(3), out _));
    }

    [Fact]
    public void A_joint_membership_needs_majorities_of_both_halves()
    {
        Bench bench = Leader();
        // From 1 2 3 to 1 4 5.
        MembershipChange change = new()
        {
            Changes =
            [
                new(MemberChangeKind.AddVoter, new NodeId(4)), new(MemberChangeKind.AddVoter, new NodeId(5)),
                new(MemberChangeKind.Remove, new NodeId(2)), new(MemberChangeKind.Remove, new NodeId(3)),
            ],
            Transition = MembershipTransition.JointExplicit,
        };
        Assert.Equal(ProposeStatus.Accepted, bench.Core.ProposeMembership(change, out EntryId joint));
        bench.Settle();
        bench.Receive(bench.Ack(2, joint.Index.Value));
        Assert.True(bench.Core.Membership.IsJoint);
        EntryId id = bench.Propose();
        bench.Settle();
        bench.Receive(Ack(bench, 2, id.Index));
        bench.Receive(Ack(bench, 3, id.Index));
        Assert.True(bench.Core.CommitIndex < id.Index);
        bench.Receive(Ack(bench, 4, id.Index));
        Assert.Equal(id.Index, bench.Core.CommitIndex);
        Assert.Equal(ProposeStatus.MembershipPending, bench.Core.ProposeMembership(Add(6), out _));
        Assert.Equal(ProposeStatus.Accepted, bench.Core.ProposeMembership(MembershipChange.LeaveJoint, out _));
    }

    [Fact]
    public void A_new_leader_finishes_a_joint_membership_that_it_finds()
    {
        Membership joint = Membership.CreateInitial(Members(1, 2, 3)) with
        {
            VotersOutgoing = [new NodeId(1)],
            AutoLeave = true,
        };
        Bench bench = Bench.Create(membership: joint);
        bench.Lead();
        bench.Receive(bench.Ack(2, 1));
        Assert.Contains(bench.Core.EntriesForTests().ToArray(), entry => entry.Kind is EntryKind.Membership);
        bench.Receive(bench.Ack(2, 2));
        Assert.False(bench.Core.Membership.IsJoint);
    }

    [Fact]
    public void Leaving_a_joint_membership_is_tried_again_after_a_transfer_that_stood_in_the_way()
    {
        Membership joint = Membership.CreateInitial(Members(1, 2, 3)) with
        {
            VotersOutgoing = [new NodeId(1)],
            AutoLeave = true,
        };
        Bench bench = Bench.Create(membership: joint);
        bench.Lead();
        bench.Core.TransferLeadership(new NodeId(3));
        bench.Receive(bench.Ack(2, 1));
        Assert.Equal([1], bench.LogTerms());
        bench.Ticks(10);
        Assert.Equal([1, 1], bench.LogTerms());
    }

    [Fact]
    public void A_learner_that_is_to_vote_is_promoted_when_it_has_caught_up_and_not_before()
    {
        Bench bench = Leader(options: options => options with { PromoteLagEntries = 2 });
        MembershipChange change = new()
        {
            Changes = [new(MemberChangeKind.AddLearner, new NodeId(4), "host4", PromoteWhenCaughtUp: true)],
        };
        bench.Core.ProposeMembership(change, out EntryId added);
        for (int i = 0; i < 10; i++)
            bench.Propose();
        bench.Settle();
        long last = bench.Core.LastEntry.Index.Value;
        bench.Receive(bench.Ack(2, last));
        Assert.Equal([4UL], Ids(bench.Core.Membership.Learners));
        bench.Receive(Ack(bench, 4, new LogIndex(last - 3)));
        Assert.Equal(last, bench.Core.LastEntry.Index.Value);
        bench.Receive(Ack(bench, 4, new LogIndex(last - 2)));
        Assert.Equal(last + 1, bench.Core.LastEntry.Index.Value);
        bench.Receive(bench.Ack(2, last + 1));
        Assert.Equal([1UL, 2, 3, 4], Ids(bench.Core.Membership.Voters));
        Assert.True(bench.Core.Membership.TryGetMember(new NodeId(4), out Member member));
        Assert.Equal((added.Index, "host4", false), (member.AddedAt, member.Address, member.PromoteWhenCaughtUp));
    }

    [Fact]
    public void A_learner_counts_for_no_quorum_and_waits_if_nobody_promotes_it()
    {
        Bench bench = Leader();
        MembershipChange change = new() { Changes = [new(MemberChangeKind.AddLearner, new NodeId(4))] };
        bench.Core.ProposeMembership(change, out EntryId added);
        bench.Settle();
        bench.Receive(bench.Ack(2, added.Index.Value));
        EntryId id = bench.Propose();
        bench.Settle();
        bench.Receive(Ack(bench, 4, id.Index));
        Assert.True(bench.Core.CommitIndex < id.Index);
        bench.Receive(bench.Ack(3, id.Index.Value));
        Assert.Equal(id.Index, bench.Core.CommitIndex);
        Assert.Equal([4UL], Ids(bench.Core.Membership.Learners));
    }

    [Fact]
    public void A_learner_that_is_behind_is_not_promoted_by_hand_either()
    {
        Bench bench = Leader(options: o => o with { RefuseQuorumLoss = true, PromoteLagEntries = 2 });
        MembershipChange change = new() { Changes = [new(MemberChangeKind.AddLearner, new NodeId(4))] };
        bench.Core.ProposeMembership(change, out EntryId added);
        bench.Settle();
        bench.Receive(bench.Ack(2, added.Index.Value));
        Assert.Equal(ProposeStatus.LearnerBehind, bench.Core.ProposeMembership(Add(4), out _));
        bench.Receive(Ack(bench, 4, added.Index));
        Assert.Equal(ProposeStatus.Accepted, bench.Core.ProposeMembership(Add(4), out _));
    }

    [Fact]
    public void A_removed_leader_does_not_count_itself_and_steps_down_when_the_others_know()
    {
        Bench bench = Leader();
        bench.Core.ProposeMembership(Remove(1), out EntryId removal);
        EntryId after = bench.Propose();
        bench.Settle();
        bench.Receive(bench.Ack(2, removal.Index.Value));
        Assert.Equal([2UL, 3], Ids(bench.Core.Membership.Voters));
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
        Assert.Equal(ProposeStatus.NotLeader, bench.Core.Propose(EntryKind.Command, new byte[1], null, out _));
        // Its own copy and that of member 2 would be two of three, and are one of two.
        bench.Receive(bench.Ack(2, after.Index.Value));
        Assert.True(bench.Core.CommitIndex < after.Index);
        bench.Receive(bench.Ack(3, after.Index.Value));
        Assert.Equal(after.Index, bench.Core.CommitIndex);
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
        bench.Receive(bench.Ack(2, after.Index.Value) with { Commit = after.Index });
        List<Message> sent = bench.Receive(bench.Ack(3, after.Index.Value) with { Commit = after.Index });
        Assert.Equal(RaftRole.Follower, bench.Core.Role);
        // And somebody who lacks nothing may campaign at once.
        Assert.Equal(2UL, sent.Single(message => message.Kind is MessageKind.TimeoutNow).To.Value);
        bench.Ticks(15);
        Assert.Equal(RaftRole.Follower, bench.Core.Role);
    }

    [Fact]
    public void A_removed_leader_that_only_a_minority_still_talks_to_steps_down()
    {
        Bench bench = Leader();
        bench.Core.ProposeMembership(Remove(1), out EntryId removal);
        bench.Settle();
        bench.Receive(bench.Ack(2, removal.Index.Value));
        bench.Receive(bench.Ack(3, removal.Index.Value));
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
        // Member 3 knows of the removal and has closed its connection; member 2 would follow for ever.
        for (int tick = 0; tick < 25; tick++)
        {
            bench.Ticks(1);
            bench.Settle();
            if (bench.Core.Role is RaftRole.Leader)
                bench.Receive(bench.HeartbeatAck(2));
        }

        Assert.Equal(RaftRole.Follower, bench.Core.Role);
    }

    [Fact]
    public void A_removed_member_still_votes_for_those_who_do_not_know_of_the_removal()
    {
        Bench bench = Bench.Create(voters: 2);
        Entry removal = new(Bench.Eid(1, 1), EntryKind.Membership, MembershipChangeCodec.Encode(Remove(1)));
        bench.Receive(bench.From(2, MessageKind.Append, 1) with
        {
            Entries = new[] { removal },
            Commit = new LogIndex(1),
        });
        Assert.False(bench.Core.Membership.Contains(bench.Id));
        Message request = bench.From(2, MessageKind.Vote, 2) with { Log = Bench.Eid(1, 1) };
        Assert.False(Assert.Single(bench.Receive(request)).Reject);
    }

    [Fact]
    public void A_removed_member_that_holds_more_than_the_others_returns_to_hand_it_on()
    {
        Bench bench = Leader(voters: 2);
        bench.Core.ProposeMembership(Remove(1), out EntryId removal);
        bench.Propose();
        bench.Settle();
        bench.Receive(bench.Ack(2, removal.Index.Value));
        // The leadership is lost before the other knows, and the other can never win against the longer log.
        bench.Receive(bench.From(2, MessageKind.Vote, 2) with { Log = removal });
        Assert.Equal((RaftRole.Follower, default), (bench.Core.Role, bench.Core.HardState.Vote));
        bench.Ticks(100);
        List<Message> sent = bench.Settle();
        // It asks first: in a cluster that works nobody would say yes.
        Assert.Contains(sent, message => message.Kind is MessageKind.PreVote && message.To.Value == 2);
        bench.Receive(bench.From(2, MessageKind.PreVoteResponse, bench.Core.Term.Value + 1));
        bench.Receive(bench.From(2, MessageKind.VoteResponse, bench.Core.Term.Value));
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
        Assert.Equal(ProposeStatus.NotLeader, bench.Core.Propose(EntryKind.Command, new byte[1], null, out _));
        LogIndex last = bench.Core.LastEntry.Index;
        bench.Receive(bench.Ack(2, last.Value) with { Commit = last });
        Assert.Equal(last, bench.Core.CommitIndex);
        bench.Receive(bench.Ack(2, last.Value) with { Commit = last });
        Assert.Equal(RaftRole.Follower, bench.Core.Role);
    }

    [Fact]
    public void A_membership_entry_that_makes_no_sense_changes_nothing_on_anybody()
    {
        Bench bench = Bench.Create();
        Membership before = bench.Core.Membership;
        bench.Receive(bench.From(2, MessageKind.Append, 1) with
        {
            Entries = new[]
            {
                new Entry(Bench.Eid(1, 1), EntryKind.Membership, new byte[] { 1, 2, 3 }),
                new Entry(
                    Bench.Eid(1, 2), EntryKind.Membership,
                    MembershipChangeCodec.Encode(MembershipChange.LeaveJoint)),
            },
            Commit = new LogIndex(2),
        });
        Assert.Equal(new LogIndex(2), bench.Core.AppliedIndex);
        Assert.Same(before, bench.Core.Membership);
        bench.Take();
        Assert.Equal(2, bench.Events.Count(e => e.Kind is RaftEventKind.MembershipIgnored));
    }

    [Fact]
    public void A_member_that_was_removed_and_added_again_starts_anew()
    {
        Bench bench = Leader();
        bench.Core.ProposeMembership(Remove(3), out EntryId removal);
        bench.Settle();
        bench.Receive(bench.Ack(2, removal.Index.Value));
        bench.Core.ProposeMembership(Add(3), out EntryId added);
        bench.Settle();
        bench.Receive(bench.Ack(2, added.Index.Value));
        Assert.Equal(0, bench.Progress(3).Match.Value);
        bench.Receive(bench.Ack(3, 1)); // Of its former life.
        Assert.Equal(0, bench.Progress(3).Match.Value);
        bench.Receive(Ack(bench, 3, new LogIndex(1)));
        Assert.Equal(1, bench.Progress(3).Match.Value);
    }

    private static RaftCoreOptions Trusting(RaftCoreOptions options) => options with { RefuseQuorumLoss = false };

    private static Bench Leader(int voters = 3, Func<RaftCoreOptions, RaftCoreOptions>? options = null)
    {
        Bench bench = Bench.Create(voters, options: options ?? Trusting);
        bench.Lead();
        for (ulong peer = 2; peer <= (ulong)voters; peer++)
            bench.Receive(bench.Ack(peer, 1));
        return bench;
    }

    private static Message Ack(Bench bench, ulong peer, LogIndex index)
    {
        bench.Core.Membership.TryGetMember(new NodeId(peer), out Member member);
        return bench.Ack(peer, index.Value) with { Session = member.AddedAt };
    }

    private static MembershipChange Add(ulong id) =>
        new() { Changes = [new(MemberChangeKind.AddVoter, new NodeId(id))] };

    private static MembershipChange Remove(ulong id) =>
        new() { Changes = [new(MemberChangeKind.Remove, new NodeId(id))] };

    private static Member[] Members(params ulong[] ids) =>
        [.. ids.Select(id => new Member(new NodeId(id), default, ""))];

    private static IEnumerable<ulong> Ids(ImmutableArray<NodeId> ids) => ids.Select(id => id.Value);
}
