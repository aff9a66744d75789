using Coord.Raft.Core;

namespace Coord.Raft.Tests.Core;

/// <summary>Raft §8, thesis §6.4: linearizable reads without the log, by a round of heartbeats or by a lease.</summary>
public sealed class ReadPaperTests
{
    private const long Tick = 100_000_000;

    [Fact]
    public void A_read_index_is_given_only_after_a_round_of_heartbeats_to_a_majority()
    {
        Bench bench = Leader(voters: 5);
        Assert.True(bench.Core.ReadIndex(77));
        List<Message> round = bench.Settle();
        Assert.Equal([2UL, 3, 4, 5], Heartbeats(round).Select(m => m.To.Value));
        ulong context = Heartbeats(round)[0].Context;
        bench.Receive(bench.HeartbeatAck(2, context));
        Assert.Empty(bench.Reads);
        bench.Receive(bench.HeartbeatAck(2, context));
        Assert.Empty(bench.Reads);
        bench.Receive(bench.HeartbeatAck(3, context));
        Assert.Equal([new ReadState(77, new LogIndex(1))], bench.Reads);
    }

    [Fact]
    public void Reads_wait_until_the_leader_has_committed_in_its_term()
    {
        Bench bench = Bench.Create(log: [1], hard: new HardState(new Term(1), default, new LogIndex(1)));
        bench.Lead();
        Assert.True(bench.Core.ReadIndex(1));
        bench.Settle();
        bench.Core.Tick();
        foreach (Message heartbeat in Heartbeats(bench.Settle()))
            bench.Receive(bench.HeartbeatAck(heartbeat.To.Value, heartbeat.Context));
        Assert.Empty(bench.Reads);
        List<Message> round = bench.Receive(bench.Ack(2, 2));
        bench.Receive(bench.HeartbeatAck(2, Heartbeats(round)[0].Context));
        Assert.Equal([new ReadState(1, new LogIndex(2))], bench.Reads);
    }

    [Fact]
    public void A_single_voter_waits_for_that_too_and_needs_no_round()
    {
        Bench bench = Bench.Create(voters: 1);
        bench.Core.Campaign();
        bench.Sync(bench.Take());
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
        bench.Core.ReadIndex(1);
        Assert.Empty(bench.Take().ReadStates);
        bench.Core.Step(bench.Ack(1, 1) with { From = bench.Id });
        bench.Core.ReadIndex(2);
        Assert.Equal([1UL, 2], bench.Take().ReadStates.Select(read => read.Context));
    }

    [Fact]
    public void Reads_that_arrive_together_share_a_round()
    {
        Bench bench = Leader();
        for (ulong context = 1; context <= 10; context++)
            bench.Core.ReadIndex(context);
        List<Message> round = bench.Settle();
        Assert.Equal(2, Heartbeats(round).Count);
        bench.Receive(bench.HeartbeatAck(3, Heartbeats(round)[0].Context));
        Assert.Equal(10, bench.Reads.Count);
    }

    [Fact]
    public void An_answer_to_an_earlier_round_does_not_confirm_a_later_read()
    {
        Bench bench = Leader();
        bench.Core.ReadIndex(1);
        ulong first = Heartbeats(bench.Settle())[0].Context;
        bench.Core.ReadIndex(2);
        ulong second = Heartbeats(bench.Settle())[0].Context;
        Assert.NotEqual(first, second);
        bench.Receive(bench.HeartbeatAck(2, first));
        Assert.Equal([1UL], bench.Reads.Select(read => read.Context));
        bench.Receive(bench.HeartbeatAck(3, first));
        Assert.Equal([1UL], bench.Reads.Select(read => read.Context));
        bench.Receive(bench.HeartbeatAck(3, second));
        Assert.Equal([1UL, 2], bench.Reads.Select(read => read.Context));
    }

    [Fact]
    public void Rounds_are_never_numbered_alike_even_over_leaderships()
    {
        Bench bench = Leader();
        bench.Core.ReadIndex(1);
        ulong first = Heartbeats(bench.Settle())[0].Context;
        bench.Receive(bench.From(2, MessageKind.HeartbeatResponse, 5));
        bench.Lead();
        bench.Receive(bench.Ack(2, 2));
        bench.Core.ReadIndex(2);
        Assert.True(Heartbeats(bench.Settle())[0].Context > first);
    }

    [Fact]
    public void A_round_that_was_never_started_confirms_nothing()
    {
        Bench bench = Leader();
        bench.Core.ReadIndex(1);
        bench.Settle();
        bench.Receive(bench.HeartbeatAck(2, 99));
        Assert.Empty(bench.Reads);
    }

    [Fact]
    public void A_follower_asks_the_leader_and_gets_the_index()
    {
        Bench follower = Bench.Create();
        Assert.False(follower.Core.ReadIndex(1));
        follower.Receive(follower.Append(2, 1, EntryId.Zero));
        Assert.True(follower.Core.ReadIndex(1));
        Message request = Assert.Single(follower.Settle());
        Assert.Equal((MessageKind.ReadIndex, 1UL, 2UL), (request.Kind, request.Context, request.To.Value));

        Bench leader = Leader();
        List<Message> round = leader.Receive(request with { From = new NodeId(3) });
        Message answer = leader.Receive(leader.HeartbeatAck(2, Heartbeats(round)[0].Context))
            .Single(m => m.Kind is MessageKind.ReadIndexResponse);
        Assert.Equal((3UL, 1UL, 1L), (answer.To.Value, answer.Context, answer.Log.Index.Value));
        Assert.Empty(leader.Reads);

        follower.Receive(answer with { From = new NodeId(3) }); // Not from the leader.
        Assert.Empty(follower.Reads);
        follower.Receive(answer with { From = new NodeId(2) });
        Assert.Equal([new ReadState(1, new LogIndex(1))], follower.Reads);
    }

    [Fact]
    public void Waiting_reads_end_with_the_leadership()
    {
        Bench bench = Leader();
        bench.Core.ReadIndex(1);
        ulong context = Heartbeats(bench.Settle())[0].Context;
        bench.Receive(bench.From(2, MessageKind.HeartbeatResponse, 5));
        bench.Receive(bench.HeartbeatAck(2, context));
        Assert.Empty(bench.Reads);
    }

    [Fact]
    public void Waiting_reads_are_bounded()
    {
        Bench bench = Leader(options: o => o with { MaxPendingReads = 2 });
        Assert.True(bench.Core.ReadIndex(1));
        Assert.True(bench.Core.ReadIndex(2));
        Assert.False(bench.Core.ReadIndex(3));
    }

    [Fact]
    public void No_read_is_taken_during_a_transfer()
    {
        Bench bench = Leader();
        bench.Core.TransferLeadership(new NodeId(2));
        Assert.False(bench.Core.ReadIndex(1));
    }

    [Fact]
    public void A_lease_answers_at_once_until_it_ends_counted_from_the_send()
    {
        Bench bench = WithLease(sentAt: 5 * Tick, answeredAt: 8 * Tick);
        // Of ten ticks of the follower the first may be nearly over, and the second short after a late one: eight whole
        // ones, by a clock that may be a tenth faster.
        bench.Core.Now = (5 * Tick) + (8 * Tick * 9 / 10) - 1;
        bench.Core.ReadIndex(1);
        Assert.Equal([1UL], bench.Take().ReadStates.Select(read => read.Context));
        bench.Core.Now++;
        bench.Core.ReadIndex(2);
        Assert.Empty(bench.Take().ReadStates);
    }

    [Fact]
    public void A_leader_that_was_paused_finds_its_lease_gone_and_asks()
    {
        Bench bench = WithLease(sentAt: 5 * Tick, answeredAt: 5 * Tick);
        bench.Core.Now = 500 * Tick;
        bench.Core.ReadIndex(1);
        List<Message> round = bench.Settle();
        Assert.Empty(bench.Reads);
        bench.Receive(bench.HeartbeatAck(2, Heartbeats(round)[0].Context));
        Assert.Single(bench.Reads);
    }

    [Fact]
    public void No_lease_is_kept_once_another_was_told_to_campaign()
    {
        Bench bench = WithLease(sentAt: 5 * Tick, answeredAt: 5 * Tick);
        bench.Receive(bench.Ack(2, 1));
        bench.Core.TransferLeadership(new NodeId(2));
        bench.Settle();
        bench.Ticks(10); // The transfer has failed, and the message may still be on its way.
        Assert.Equal(RaftRole.Leader, bench.Core.Role);
        Assert.True(bench.Core.TransferTarget.IsNone);
        bench.Core.ReadIndex(1);
        Assert.Empty(bench.Take().ReadStates);
    }

    [Fact]
    public void A_restarted_member_gives_no_vote_while_a_lease_may_rest_on_it()
    {
        Bench bench = Bench.Create(options: Lease, hard: new HardState(new Term(1), default, default));
        bench.Ticks(9);
        Assert.Empty(bench.Receive(bench.From(2, MessageKind.Vote, 5)));
        bench.Ticks(1);
        Assert.False(Assert.Single(bench.Receive(bench.From(2, MessageKind.Vote, 5))).Reject);
    }

    [Fact]
    public void A_leader_that_is_forgotten_keeps_its_lease()
    {
        Bench bench = Bench.Create(options: Lease);
        bench.Receive(bench.Append(2, 1, EntryId.Zero));
        bench.Core.ForgetLeader();
        Assert.Empty(bench.Receive(bench.From(3, MessageKind.Vote, 5)));
    }

    private static RaftCoreOptions Lease(RaftCoreOptions options) =>
        options with { LeaseReads = true, CheckQuorum = true, TickNanoseconds = Tick };

    private static Bench WithLease(long sentAt, long answeredAt)
    {
        Bench bench = Leader(options: Lease);
        bench.Core.Now = sentAt;
        bench.Core.Tick();
        List<Message> sent = bench.Settle();
        bench.Core.Now = answeredAt;
        bench.Receive(bench.HeartbeatAck(2, Heartbeats(sent)[0].Context));
        return bench;
    }

    private static Bench Leader(int voters = 3, Func<RaftCoreOptions, RaftCoreOptions>? options = null)
    {
        Bench bench = Bench.Create(voters, options: options);
        bench.Lead();
        for (ulong peer = 2; peer <= (ulong)voters; peer++)
            bench.Receive(bench.Ack(peer, 1));
        return bench;
    }

    private static List<Message> Heartbeats(List<Message> messages) =>
        [.. messages.Where(message => message.Kind is MessageKind.Heartbeat)];
}
