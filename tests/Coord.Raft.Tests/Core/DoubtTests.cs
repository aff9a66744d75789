using Coord.Raft.Core;

namespace Coord.Raft.Tests.Core;

/// <summary>The rules of <see cref="LogDoubt"/>, one by one; the simulated cluster tries them together.</summary>
public sealed class DoubtTests
{
    private const ulong CountsDoubt = 2;
    private const ulong InDoubt = 2;

    [Theory]
    [InlineData(3, 2, 1, VoteResult.Pending)]
    [InlineData(3, 3, 1, VoteResult.Won)]
    [InlineData(3, 3, 3, VoteResult.Won)]
    [InlineData(5, 3, 0, VoteResult.Won)]
    [InlineData(5, 3, 1, VoteResult.Pending)]
    [InlineData(5, 4, 1, VoteResult.Won)]
    [InlineData(5, 4, 2, VoteResult.Pending)]
    [InlineData(5, 5, 2, VoteResult.Won)]
    [InlineData(4, 3, 0, VoteResult.Won)]
    [InlineData(4, 3, 1, VoteResult.Pending)]
    [InlineData(4, 4, 1, VoteResult.Won)]
    [InlineData(6, 5, 1, VoteResult.Won)]
    [InlineData(6, 5, 2, VoteResult.Pending)]
    [InlineData(2, 2, 1, VoteResult.Won)]
    [InlineData(1, 1, 1, VoteResult.Won)]
    internal void Votes_in_doubt_need_company(int voters, int granted, int inDoubt, VoteResult result) =>
        Assert.Equal(result, MajorityQuorum.Vote(voters, granted, 0, inDoubt));

    /// <summary>
    /// 1 and 2 committed an entry behind the one that made 4 a voter, and 2 lost it. 3 and 4 know of no such entry.
    /// </summary>
    [Fact]
    public void A_voter_that_was_added_does_not_stand_in_for_one_that_has_forgotten() =>
        Assert.NotEqual(VoteResult.Won, MajorityQuorum.Vote(voters: 4, granted: 3, refused: 0, inDoubt: 1));

    [Fact]
    public void An_election_that_needs_everybody_is_lost_by_one_refusal() =>
        Assert.Equal(VoteResult.Lost, MajorityQuorum.Vote(3, granted: 2, refused: 1, inDoubt: 1));

    [Fact]
    public void A_member_in_doubt_says_so_when_it_votes()
    {
        Bench bench = InDoubtOf(bound: 5);
        Message answer = bench.Receive(Request(2, 2)).Single();
        Assert.Equal((MessageKind.VoteResponse, false, InDoubt), (answer.Kind, answer.Reject, answer.Context));
    }

    [Fact]
    public void It_refuses_who_would_count_its_vote_like_any_other()
    {
        Bench bench = InDoubtOf(bound: 5);
        Assert.True(bench.Receive(Request(2, 2) with { Context = 0 }).Single().Reject);
        Assert.True(bench.Receive(Request(2, 3) with { Context = 1 }).Single().Reject);
    }

    [Fact]
    public void It_refuses_who_lacks_what_it_still_has()
    {
        Bench bench = InDoubtOf(bound: 5);
        Assert.True(bench.Receive(Request(2, 2) with { Log = Bench.Eid(1, 1) }).Single().Reject);
    }

    [Fact]
    public void A_candidate_does_not_win_by_its_own_vote_in_doubt_and_another()
    {
        Bench bench = InDoubtOf(bound: 5);
        bench.Core.Campaign();
        Assert.All(bench.Settle(), request => Assert.Equal(CountsDoubt, request.Context));
        bench.Receive(bench.From(2, MessageKind.VoteResponse, 2));
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);
        bench.Receive(bench.From(3, MessageKind.VoteResponse, 2));
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
        Assert.Null(bench.Core.Doubt);
    }

    [Fact]
    public void A_candidate_counts_another_members_doubt()
    {
        Bench bench = Bench.Create(log: [1, 1]);
        bench.Core.Campaign();
        bench.Settle();
        bench.Receive(bench.From(2, MessageKind.VoteResponse, 2) with { Context = InDoubt });
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);
        bench.Receive(bench.From(3, MessageKind.VoteResponse, 2));
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
    }

    [Fact]
    public void The_same_terms_leader_ends_the_doubt_when_all_that_may_be_lost_is_there_again()
    {
        Bench bench = InDoubtOf(bound: 4);
        bench.Receive(bench.Append(2, 1, Bench.Eid(1, 2), 0, 1));
        Assert.NotNull(bench.Core.Doubt);
        bench.Core.Step(bench.Append(2, 1, Bench.Eid(1, 3), 0, 1));
        Assert.True(bench.Take().EndsDoubt);
        Assert.Null(bench.Core.Doubt);
    }

    [Fact]
    public void A_later_terms_entry_ends_the_doubt_and_an_older_one_of_its_leader_does_not()
    {
        // Without a check of the quorum, so that the member votes although it hears a leader.
        Bench bench = InDoubtOf(bound: 9, checkQuorum: false);
        bench.Receive(bench.Append(2, 2, Bench.Eid(1, 2), 0, 1));
        Assert.NotNull(bench.Core.Doubt);
        bench.Receive(bench.Append(2, 2, Bench.Eid(1, 3), 0, 2));
        Assert.Null(bench.Core.Doubt);
        Message answer = bench.Receive(Request(3, 3) with { Log = Bench.Eid(2, 4), Context = 0 }).Single();
        Assert.False(answer.Reject);
    }

    [Fact]
    public void A_leader_that_counts_what_is_gone_as_acknowledged_is_succeeded()
    {
        Bench bench = InDoubtOf(bound: 5);
        for (int tick = 0; tick < 45 && bench.Core.Term.Value == 1; tick++)
        {
            // Its commit index says that this member once had more.
            bench.Receive(bench.From(2, MessageKind.Heartbeat, 1) with { Commit = new LogIndex(5) });
            bench.Core.Tick();
        }

        Assert.Equal(2, bench.Core.Term.Value);
        Assert.Equal(2, bench.Core.CommitIndex.Value);
        Message answer = bench.Receive(bench.From(2, MessageKind.Heartbeat, 1)).Single();
        Assert.Equal(2, answer.Term.Value);
    }

    [Fact]
    public void Nothing_in_doubt_is_lost_without_doubt()
    {
        Bench bench = Bench.Create(log: [1, 1]);
        Assert.Throws<InvariantViolationException>(() =>
            bench.Receive(bench.From(2, MessageKind.Heartbeat, 1) with { Commit = new LogIndex(5) }));
    }

    private static Bench InDoubtOf(long bound, bool checkQuorum = true)
    {
        Bench whole = Bench.Create(log: [1, 1]);
        RaftCoreOptions options = new() { Id = new NodeId(1), Seed = 7, PreVote = false, CheckQuorum = checkQuorum };
        RaftCoreState state = new(
            new HardState(new Term(1), default, default),
            new SnapshotMetadata(EntryId.Zero, whole.Core.Membership),
            EntryId.Zero,
            Bench.Entries(0, 1, 1),
            default,
            new LogDoubt(new Term(1), new LogIndex(bound)));
        return new Bench(options, state);
    }

    private static Message Request(ulong from, long term) => new()
    {
        Kind = MessageKind.Vote,
        From = new NodeId(from),
        Term = new Term(term),
        Log = Bench.Eid(1, 2),
        Context = CountsDoubt,
    };
}
