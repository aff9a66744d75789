using Coord.Raft.Tests.Conformance;

namespace Coord.Raft.Tests.Core;

/// <summary>Raft §5.1, §5.2, §5.4.1 and Figure 2, "Rules for Servers" and "RequestVote RPC".</summary>
public sealed class ElectionPaperTests
{
    [Fact]
    public void When_servers_start_up_they_begin_as_followers() =>
        Assert.Equal(RaftRole.Follower, Bench.Create().Core.Role);

    [Fact]
    public void A_follower_that_hears_nothing_over_the_election_timeout_begins_an_election()
    {
        Bench bench = Bench.Create();
        bench.Ticks(9);
        Assert.Equal(RaftRole.Follower, bench.Core.Role);
        bench.Ticks(11);
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);
    }

    [Fact]
    public void To_begin_an_election_a_follower_increments_its_term_votes_for_itself_and_asks_all_others()
    {
        Bench bench = Bench.Create(voters: 5, log: [1, 2]);
        bench.Core.Campaign();
        ReadyCopy ready = bench.Take();
        Assert.Equal(new HardState(new Term(3), bench.Id, default), ready.HardState);
        Assert.Equal([2UL, 3, 4, 5], ready.Messages.Select(message => message.To.Value));
        Assert.All(ready.Messages, message =>
        {
            Assert.Equal(MessageKind.Vote, message.Kind);
            Assert.Equal(Bench.Eid(2, 2), message.Log);
            Assert.Equal(new Term(3), message.Term);
        });
    }

    [Theory]
    [InlineData(1, 0, RaftRole.Leader)]
    [InlineData(2, 0, RaftRole.Candidate)]
    [InlineData(2, 1, RaftRole.Leader)]
    [InlineData(3, 1, RaftRole.Leader)]
    [InlineData(4, 1, RaftRole.Candidate)]
    [InlineData(4, 2, RaftRole.Leader)]
    [InlineData(5, 1, RaftRole.Candidate)]
    [InlineData(5, 2, RaftRole.Leader)]
    public void A_candidate_wins_if_it_has_votes_from_a_majority_of_the_full_cluster(
        int voters, int others, RaftRole role)
    {
        Bench bench = Bench.Create(voters);
        bench.Core.Campaign();
        bench.Settle();
        for (ulong peer = 2; peer < 2 + (ulong)others; peer++)
            bench.Receive(bench.From(peer, MessageKind.VoteResponse, 1));
        Assert.Equal(role, bench.Core.Role);
    }

    [Fact]
    public void A_vote_that_arrives_twice_counts_once()
    {
        Bench bench = Bench.Create(voters: 5);
        bench.Core.Campaign();
        bench.Settle();
        bench.Receive(bench.From(2, MessageKind.VoteResponse, 1));
        bench.Receive(bench.From(2, MessageKind.VoteResponse, 1));
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);
    }

    [Fact]
    public void A_refusal_is_no_vote_whatever_its_term()
    {
        Bench bench = Bench.Create();
        bench.Core.Campaign();
        bench.Settle();
        bench.Receive(bench.From(2, MessageKind.VoteResponse, 1) with { Reject = true });
        bench.Receive(bench.From(3, MessageKind.VoteResponse, 2) with { Reject = true });
        Assert.Equal(RaftRole.Follower, bench.Core.Role);
        Assert.Equal(new Term(2), bench.Core.Term);
    }

    [Fact]
    public void The_own_vote_counts_only_when_it_is_durable()
    {
        Bench bench = Bench.Create(voters: 1);
        bench.Core.Campaign();
        ReadyCopy ready = bench.Take();
        Assert.True(ready.MustSync);
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);
        bench.Sync(ready);
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
    }

    /// <summary>Who forgot that term could be elected in it once more, and name other entries like the first.</summary>
    [Fact]
    public void A_candidate_that_others_have_elected_leads_when_its_own_vote_is_durable()
    {
        Bench bench = Bench.Create(voters: 5);
        bench.Core.Campaign();
        ReadyCopy ready = bench.Take();
        foreach (ulong peer in new ulong[] { 2, 3, 4, 5 })
            bench.Core.Step(bench.From(peer, MessageKind.VoteResponse, 1));
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);

        bench.Sync(ready);
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
    }

    [Fact]
    public void A_vote_is_sent_after_it_is_durable()
    {
        Bench bench = Bench.Create();
        bench.Core.Step(bench.From(2, MessageKind.Vote, 1));
        ReadyCopy ready = bench.Take();
        Assert.Empty(ready.Messages);
        Assert.True(ready.MustSync);
        Assert.Equal(new NodeId(2), ready.HardState!.Value.Vote);
        Assert.Equal(MessageKind.VoteResponse, Assert.Single(ready.MessagesAfterAppend).Kind);
    }

    [Theory]
    [InlineData(3, 2, false)] // The candidate's last term is later, though its log is shorter.
    [InlineData(2, 3, false)]
    [InlineData(2, 4, false)]
    [InlineData(2, 2, true)]
    [InlineData(1, 9, true)] // A longer log of an earlier term is not more up-to-date.
    public void A_vote_is_granted_only_to_a_log_at_least_as_up_to_date(long term, long index, bool refused)
    {
        Bench bench = Bench.Create(log: [1, 2, 2]);
        Message answer = Assert.Single(
            bench.Receive(bench.From(2, MessageKind.Vote, 5) with { Log = Bench.Eid(term, index) }));
        Assert.Equal(refused, answer.Reject);
    }

    [Fact]
    public void Each_server_votes_for_at_most_one_candidate_in_a_term_first_come_first_served()
    {
        Bench bench = Bench.Create();
        Assert.False(Assert.Single(bench.Receive(bench.From(2, MessageKind.Vote, 1))).Reject);
        Assert.True(Assert.Single(bench.Receive(bench.From(3, MessageKind.Vote, 1))).Reject);
        Assert.False(Assert.Single(bench.Receive(bench.From(3, MessageKind.Vote, 2))).Reject);
    }

    [Fact]
    public void A_repeated_request_of_the_same_candidate_is_granted_again()
    {
        Bench bench = Bench.Create();
        bench.Receive(bench.From(2, MessageKind.Vote, 1));
        Assert.False(Assert.Single(bench.Receive(bench.From(2, MessageKind.Vote, 1))).Reject);
    }

    [Fact]
    public void A_vote_survives_a_restart()
    {
        Bench bench = Bench.Create(hard: new HardState(new Term(1), new NodeId(2), default));
        Assert.True(Assert.Single(bench.Receive(bench.From(3, MessageKind.Vote, 1))).Reject);
    }

    [Fact]
    public void A_candidate_that_lost_keeps_its_vote_for_the_term()
    {
        Bench bench = Bench.Create();
        bench.Core.Campaign();
        bench.Settle();
        bench.Receive(bench.From(2, MessageKind.VoteResponse, 1) with { Reject = true });
        bench.Receive(bench.From(3, MessageKind.VoteResponse, 1) with { Reject = true });
        Assert.Equal(RaftRole.Follower, bench.Core.Role);
        Assert.True(Assert.Single(bench.Receive(bench.From(2, MessageKind.Vote, 1))).Reject);
    }

    [Fact]
    public void Nobody_votes_in_a_term_whose_leader_is_known()
    {
        Bench bench = Bench.Create();
        bench.Receive(bench.Append(2, 1, EntryId.Zero));
        Assert.True(Assert.Single(bench.Receive(bench.From(3, MessageKind.Vote, 1))).Reject);
        bench.Core.ForgetLeader();
        Assert.True(Assert.Single(bench.Receive(bench.From(3, MessageKind.Vote, 1))).Reject);
    }

    [Fact]
    public void A_request_with_a_stale_term_is_not_granted()
    {
        Bench bench = Bench.Create(hard: new HardState(new Term(3), default, default));
        Assert.Empty(bench.Receive(bench.From(2, MessageKind.Vote, 2)));
        Assert.Equal(new HardState(new Term(3), default, default), bench.Core.HardState);
    }

    [Fact]
    public void A_candidate_that_hears_from_a_leader_of_its_term_returns_to_follower_and_takes_the_append()
    {
        Bench bench = Bench.Create();
        bench.Core.Campaign();
        bench.Settle();
        Message answer = Assert.Single(bench.Receive(bench.Append(2, 1, EntryId.Zero, 0, 1)));
        Assert.False(answer.Reject);
        Assert.Equal((RaftRole.Follower, new NodeId(2)), (bench.Core.Role, bench.Core.Leader));
    }

    [Fact]
    public void A_candidate_rejects_the_append_of_an_earlier_term_and_continues()
    {
        Bench bench = Bench.Create(log: [1]);
        bench.Core.Campaign();
        bench.Settle();
        bench.Receive(bench.Append(2, 1, Bench.Eid(1, 1), 0, 1));
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);
        Assert.Equal([1], bench.LogTerms());
    }

    [Theory]
    [InlineData(RaftRole.Candidate)]
    [InlineData(RaftRole.Leader)]
    public void If_a_term_is_out_of_date_the_server_reverts_to_follower(RaftRole role)
    {
        Bench bench = Bench.Create();
        if (role is RaftRole.Leader)
            bench.Lead();
        else
            bench.Core.Campaign();
        bench.Receive(bench.From(2, MessageKind.HeartbeatResponse, 9));
        Assert.Equal((RaftRole.Follower, new Term(9)), (bench.Core.Role, bench.Core.Term));
    }

    [Fact]
    public void Once_a_candidate_wins_it_sends_to_all_others_to_prevent_new_elections()
    {
        Bench bench = Bench.Create(voters: 5);
        List<Message> sent = bench.Lead();
        Assert.Equal([2UL, 3, 4, 5],
            sent.Where(m => m.Kind is MessageKind.Append).Select(m => m.To.Value).Distinct());
    }

    [Fact]
    public void Election_timeouts_are_spread_over_an_interval_and_drawn_anew_for_each_try()
    {
        HashSet<int> first = [];
        HashSet<int> second = [];
        for (ulong seed = 0; seed < 200; seed++)
        {
            Bench bench = Bench.Create(options: options => options with { Seed = seed });
            first.Add(TicksToTerm(bench, 1));
            second.Add(TicksToTerm(bench, 2));
        }

        Assert.Equal(Enumerable.Range(10, 10), first.Order());
        Assert.Equal(Enumerable.Range(10, 10), second.Order());

        static int TicksToTerm(Bench bench, long term)
        {
            int ticks = 0;
            for (; bench.Core.Term < new Term(term); ticks++)
                bench.Core.Tick();
            return ticks;
        }
    }

    [Fact]
    public void A_priority_moves_the_timeout()
    {
        int Timeout(int priority) => Enumerable.Range(0, 100).Max(seed =>
        {
            Bench bench = Bench.Create(options: o => o with { Seed = (ulong)seed, Priority = priority });
            int ticks = 0;
            for (; bench.Core.Role is RaftRole.Follower; ticks++)
                bench.Core.Tick();
            return ticks;
        });

        Assert.InRange(Timeout(4), 10, 11);
        Assert.InRange(Timeout(0), 18, 19);
        Assert.InRange(Timeout(-1), 28, 29);
    }

    [Fact]
    public void A_single_voter_campaigns_at_once()
    {
        Bench bench = Bench.Create(voters: 1);
        bench.Ticks(1);
        bench.Settle();
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
    }

    [Fact]
    public void Two_leaders_in_one_term_stop_the_node()
    {
        Bench follower = Bench.Create();
        follower.Receive(follower.Append(2, 1, EntryId.Zero));
        Assert.Throws<InvariantViolationException>(() => follower.Receive(follower.Append(3, 1, EntryId.Zero)));

        Bench leader = Bench.Create();
        leader.Lead();
        Assert.Throws<InvariantViolationException>(() => leader.Receive(leader.Append(3, 1, EntryId.Zero)));
    }

    [Fact]
    public void A_term_that_jumps_too_far_is_refused()
    {
        Bench bench = Bench.Create();
        foreach (MessageKind kind in new[] { MessageKind.Vote, MessageKind.PreVote, MessageKind.Append })
            Assert.Empty(bench.Receive(bench.From(2, kind, (1L << 32) + 1)));
        Assert.Equal(Term.Zero, bench.Core.Term);
        bench.Receive(bench.From(2, MessageKind.Vote, 1L << 32));
        Assert.Equal(new Term(1L << 32), bench.Core.Term);
    }

    [Theory]
    [InlineData(1, 2UL)] // Only answers come from the node itself.
    [InlineData(2, 9UL)] // For another node.
    [InlineData(0, 1UL)] // From nobody.
    public void A_message_that_cannot_be_honest_is_refused(ulong from, ulong to)
    {
        Bench bench = Bench.Create(log: [1]);
        bench.Core.Step(bench.From(from, MessageKind.Append, 5) with { To = new NodeId(to) });
        Assert.Equal(new Term(1), bench.Core.Term);
    }

    [Fact]
    public void A_witness_and_a_learner_vote_and_never_campaign()
    {
        Membership membership = Membership.CreateInitial(
            [new(new NodeId(1), default, "", IsWitness: true), new(new NodeId(2), default, "")]);
        membership = membership with
        {
            Learners = [new NodeId(3)],
            Members = [.. membership.Members, new Member(new NodeId(3), default, "")],
        };
        foreach (ulong id in new ulong[] { 1, 3, 4 })
        {
            Bench bench = Bench.Create(id: id, membership: membership);
            bench.Ticks(100);
            bench.Core.Campaign();
            Assert.Equal(RaftRole.Follower, bench.Core.Role);
            // It may have been promoted, or added, and not know it yet.
            Assert.False(Assert.Single(bench.Receive(bench.From(2, MessageKind.Vote, 1))).Reject);
        }
    }

    [Fact]
    public void Nobody_campaigns_while_a_committed_membership_is_not_applied()
    {
        Bench bench = Bench.Create();
        MembershipChange change = new() { Changes = [new(MemberChangeKind.AddLearner, new NodeId(4))] };
        Entry entry = new(Bench.Eid(1, 1), EntryKind.Membership, MembershipChangeCodec.Encode(change));
        bench.Core.Step(bench.From(2, MessageKind.Append, 1) with
        {
            Entries = new[] { entry },
            Commit = new LogIndex(1),
        });
        bench.Sync(bench.Take());
        bench.Core.Campaign();
        Assert.Equal(RaftRole.Follower, bench.Core.Role);
        bench.Settle();
        bench.Core.Campaign();
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);
    }
}
