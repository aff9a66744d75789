namespace Coord.Raft.Tests.Core;

/// <summary>Thesis §9.6 (pre-vote), §6.2 (a leader without a quorum), §4.2.3 (disruptive servers).</summary>
public sealed class PreVotePaperTests
{
    [Fact]
    public void A_pre_candidate_changes_neither_its_term_nor_its_vote()
    {
        Bench bench = Create(log: [1, 1]);
        bench.Core.Campaign();
        List<Message> sent = bench.Settle();
        Assert.Equal(RaftRole.PreCandidate, bench.Core.Role);
        Assert.Equal(new HardState(new Term(1), default, default), bench.Core.HardState);
        Assert.All(sent, message => Assert.Equal((MessageKind.PreVote, new Term(2)), (message.Kind, message.Term)));
    }

    [Fact]
    public void A_candidate_only_increments_its_term_if_a_majority_would_grant_it_their_votes()
    {
        Bench bench = Create(voters: 5);
        bench.Core.Campaign();
        bench.Settle();
        bench.Receive(bench.From(2, MessageKind.PreVoteResponse, 1));
        Assert.Equal(Term.Zero, bench.Core.Term);
        List<Message> sent = bench.Receive(bench.From(3, MessageKind.PreVoteResponse, 1));
        Assert.Equal((RaftRole.Candidate, new Term(1)), (bench.Core.Role, bench.Core.Term));
        // What was said about the pre-vote is no vote.
        Assert.Equal(4, sent.Count(message => message.Kind is MessageKind.Vote));
        bench.Receive(bench.From(4, MessageKind.PreVoteResponse, 1));
        bench.Receive(bench.From(5, MessageKind.PreVoteResponse, 1));
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);
    }

    [Fact]
    public void A_second_pre_campaign_does_not_count_the_answers_of_the_first()
    {
        Bench bench = Create(voters: 5);
        bench.Core.Campaign();
        bench.Settle();
        bench.Receive(bench.From(2, MessageKind.PreVoteResponse, 1));
        bench.Core.Campaign();
        bench.Settle();
        bench.Receive(bench.From(3, MessageKind.PreVoteResponse, 1));
        Assert.Equal(RaftRole.PreCandidate, bench.Core.Role);
    }

    [Fact]
    public void A_grant_for_an_earlier_term_does_not_count()
    {
        Bench bench = Create(hard: new HardState(new Term(4), default, default));
        bench.Core.Campaign();
        bench.Settle();
        bench.Receive(bench.From(2, MessageKind.PreVoteResponse, 4));
        bench.Receive(bench.From(3, MessageKind.PreVoteResponse, 3));
        Assert.Equal(RaftRole.PreCandidate, bench.Core.Role);
        bench.Receive(bench.From(2, MessageKind.PreVoteResponse, 5));
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);
    }

    [Fact]
    public void A_pre_vote_is_granted_to_several_and_binds_nobody()
    {
        Bench bench = Create();
        Assert.False(Assert.Single(bench.Receive(bench.From(2, MessageKind.PreVote, 1))).Reject);
        Assert.False(Assert.Single(bench.Receive(bench.From(3, MessageKind.PreVote, 1))).Reject);
        Assert.Equal(default, bench.Core.HardState);
    }

    [Fact]
    public void A_pre_vote_is_refused_to_a_log_that_is_behind()
    {
        Bench bench = Create(log: [1, 2]);
        Message request = bench.From(2, MessageKind.PreVote, 3) with { Log = Bench.Eid(1, 5) };
        Assert.True(Assert.Single(bench.Receive(request)).Reject);
    }

    [Fact]
    public void A_pre_candidate_in_the_past_learns_of_the_term()
    {
        Bench bench = Create(hard: new HardState(new Term(7), default, default));
        Message answer = Assert.Single(bench.Receive(bench.From(2, MessageKind.PreVote, 3)));
        Assert.Equal((true, new Term(7)), (answer.Reject, answer.Term));

        Bench straggler = Create(hard: new HardState(new Term(2), default, default));
        straggler.Core.Campaign();
        straggler.Settle();
        straggler.Receive(answer with { From = new NodeId(2), To = straggler.Id });
        Assert.Equal((RaftRole.Follower, new Term(7)), (straggler.Core.Role, straggler.Core.Term));
    }

    [Theory]
    [InlineData(MessageKind.PreVote)]
    [InlineData(MessageKind.Vote)]
    public void A_server_that_hears_a_leader_neither_votes_nor_takes_the_term(MessageKind kind)
    {
        Bench bench = Create();
        bench.Receive(bench.Append(2, 1, EntryId.Zero));
        bench.Ticks(9);
        Assert.Empty(bench.Receive(bench.From(3, kind, 2)));
        Assert.Equal(new Term(1), bench.Core.Term);
        bench.Core.SetElectionTimeout(100);
        bench.Ticks(1);
        Assert.False(Assert.Single(bench.Receive(bench.From(3, kind, 2))).Reject);
    }

    [Fact]
    public void A_learner_whose_leader_is_silent_does_not_take_it_for_heard()
    {
        Membership membership = Membership.CreateInitial([new(new NodeId(2), default, "")]) with
        {
            Learners = [new NodeId(1)],
            Members = [new(new NodeId(1), default, ""), new(new NodeId(2), default, "")],
        };
        Bench bench = Bench.Create(membership: membership, options: o => o with { CheckQuorum = true });
        bench.Receive(bench.Append(2, 1, EntryId.Zero));
        for (int i = 0; i < 40; i++)
        {
            bench.Ticks(1);
            if (i < 9)
                continue;
            Assert.False(Assert.Single(bench.Receive(bench.From(3, MessageKind.PreVote, 2))).Reject);
        }
    }

    [Fact]
    public void A_leader_steps_down_if_an_election_timeout_passes_without_a_quorum()
    {
        Bench bench = Create(voters: 5);
        bench.Lead();
        bench.Core.Step(bench.HeartbeatAck(2));
        bench.Core.Step(bench.HeartbeatAck(3));
        bench.Ticks(10);
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
        bench.Core.Step(bench.HeartbeatAck(2));
        bench.Ticks(10);
        Assert.Equal(RaftRole.Follower, bench.Core.Role);
    }

    [Fact]
    public void A_straggler_at_a_higher_term_makes_the_leader_step_down_instead_of_staying_out_for_ever()
    {
        Bench straggler = Create(hard: new HardState(new Term(5), default, default));
        foreach (MessageKind kind in new[] { MessageKind.Append, MessageKind.Heartbeat })
        {
            Message answer = Assert.Single(straggler.Receive(straggler.From(2, kind, 1)));
            Assert.Equal((MessageKind.AppendResponse, new Term(5)), (answer.Kind, answer.Term));
        }

        Bench leader = Create();
        leader.Lead();
        leader.Receive(leader.From(3, MessageKind.AppendResponse, 5));
        Assert.Equal((RaftRole.Follower, new Term(5)), (leader.Core.Role, leader.Core.Term));
    }

    [Fact]
    public void A_campaign_that_the_leader_asked_for_is_not_held_up()
    {
        Bench bench = Create();
        bench.Receive(bench.Append(2, 1, EntryId.Zero));
        Message request = bench.From(3, MessageKind.Vote, 2) with { Context = 1 };
        Assert.False(Assert.Single(bench.Receive(request)).Reject);
    }

    private static Bench Create(int voters = 3, long[]? log = null, HardState? hard = null) => Bench.Create(
        voters, log: log, hard: hard, options: options => options with { PreVote = true, CheckQuorum = true });
}
