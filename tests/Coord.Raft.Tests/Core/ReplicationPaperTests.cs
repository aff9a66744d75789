using Coord.Raft.Core;
using Coord.Raft.Tests.Conformance;

namespace Coord.Raft.Tests.Core;

/// <summary>Raft §5.3, §5.4.2, §8 and Figure 2, "AppendEntries RPC" and "Leaders".</summary>
public sealed class ReplicationPaperTests
{
    [Fact]
    public void At_the_start_of_its_term_a_leader_appends_an_entry_of_its_own()
    {
        Bench bench = Bench.Create(log: [1, 2]);
        bench.Lead();
        Assert.Equal([1, 2, 3], bench.LogTerms());
    }

    [Fact]
    public void Entries_proposed_together_travel_together_behind_the_entry_before_them()
    {
        Bench bench = Leader();
        bench.Receive(bench.Ack(2, 1));
        bench.Receive(bench.Ack(3, 1));
        bench.Propose();
        bench.Propose();
        bench.Propose();
        Message[] appends = [.. bench.Take().Messages];
        Assert.Equal([2UL, 3], appends.Select(message => message.To.Value));
        Assert.All(appends, append =>
        {
            Assert.Equal(Bench.Eid(1, 1), append.Log);
            Assert.Equal([2L, 3, 4], append.Entries.ToArray().Select(entry => entry.Index.Value));
        });
    }

    [Fact]
    public void The_next_entries_are_sent_before_the_former_are_acknowledged()
    {
        Bench bench = Leader();
        bench.Receive(bench.Ack(2, 1));
        bench.Propose();
        bench.Take();
        bench.Propose();
        Message append = bench.Take().Messages.First(message => message.To.Value == 2);
        Assert.Equal(Bench.Eid(1, 2), append.Log);
    }

    [Fact]
    public void An_append_is_acknowledged_after_it_is_durable()
    {
        Bench bench = Bench.Create();
        bench.Core.Step(bench.Append(2, 1, EntryId.Zero, 0, 1, 1));
        ReadyCopy ready = bench.Take();
        Assert.Empty(ready.Messages);
        Assert.True(ready.MustSync);
        Assert.Equal(Bench.Eid(0, 2), Assert.Single(ready.MessagesAfterAppend).Log);
    }

    [Fact]
    public void A_leader_counts_its_own_copy_when_it_is_durable_and_not_before()
    {
        Bench bench = Leader();
        EntryId id = bench.Propose();
        ReadyCopy ready = bench.Take();
        bench.Core.Step(bench.Ack(2, id.Index.Value) with { Log = new EntryId(default, id.Index) });
        Assert.True(bench.Core.CommitIndex < id.Index);
        bench.Sync(ready);
        Assert.Equal(id.Index, bench.Core.CommitIndex);
    }

    [Fact]
    public void A_single_member_does_not_answer_before_the_sync()
    {
        Bench bench = Bench.Create(voters: 1);
        bench.Lead();
        EntryId id = bench.Propose();
        ReadyCopy ready = bench.Take();
        Assert.True(bench.Core.CommitIndex < id.Index);
        bench.Sync(ready);
        Assert.Equal(id.Index, bench.Core.CommitIndex);
    }

    [Fact]
    public void Committed_entries_are_applied_only_from_the_own_disk()
    {
        Bench bench = Bench.Create();
        bench.Core.Step(bench.Append(2, 1, EntryId.Zero, 2, 1, 1));
        ReadyCopy ready = bench.Take();
        Assert.Equal(new LogIndex(2), bench.Core.CommitIndex);
        Assert.Empty(ready.CommittedEntries);
        Assert.False(bench.Core.HasReady);
        bench.Sync(ready);
        Assert.Equal(2, bench.Take().CommittedEntries.Length);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(5, 2)]
    public void An_entry_is_committed_when_a_majority_of_all_has_it(int voters, int needed)
    {
        Bench bench = Bench.Create(voters);
        bench.Lead();
        for (int i = 0; i < needed; i++)
        {
            Assert.Equal(default, bench.Core.CommitIndex);
            bench.Receive(bench.Ack(2 + (ulong)i, 1));
        }

        Assert.Equal(new LogIndex(1), bench.Core.CommitIndex);
    }

    [Fact]
    public void Entries_of_earlier_terms_are_never_committed_by_counting_replicas()
    {
        // Figure 8: (c) the entry of term 2 is on a majority and may still be overwritten by one of term 3.
        Bench bench = Bench.Create(voters: 5, log: [1, 2], hard: new HardState(new Term(3), default, default));
        bench.Lead();
        bench.Receive(bench.Ack(2, 2));
        bench.Receive(bench.Ack(3, 2));
        Assert.Equal(default, bench.Core.CommitIndex);
        // (e) with an entry of the present term on a majority, all before it are committed too.
        bench.Receive(bench.Ack(2, 3));
        bench.Receive(bench.Ack(3, 3));
        Assert.Equal(new LogIndex(3), bench.Core.CommitIndex);
    }

    [Theory]
    [InlineData(1, 4, 3)] // Nothing there.
    [InlineData(2, 3, 3)] // Another entry there.
    public void A_follower_refuses_entries_behind_an_entry_that_it_does_not_hold(long term, long index, long last)
    {
        Bench bench = Bench.Create(log: [1, 1, 1]);
        Message answer = Assert.Single(bench.Receive(bench.Append(2, 2, Bench.Eid(term, index), 9, 2)));
        Assert.True(answer.Reject);
        Assert.Equal(index, answer.Log.Index.Value);
        Assert.Equal(Bench.Eid(1, last), answer.Hint);
        Assert.Equal(default, bench.Core.CommitIndex);
    }

    [Fact]
    public void A_conflicting_entry_is_deleted_with_all_that_follow_it()
    {
        Bench bench = Bench.Create(log: [1, 1, 1, 1]);
        Message answer = Assert.Single(bench.Receive(bench.Append(2, 2, Bench.Eid(1, 1), 0, 1, 2)));
        Assert.Equal(3, answer.Log.Index.Value);
        Assert.Equal([1, 1, 2], bench.LogTerms());
    }

    [Fact]
    public void A_late_duplicate_deletes_nothing()
    {
        Bench bench = Bench.Create();
        bench.Receive(bench.Append(2, 1, EntryId.Zero, 0, 1, 1, 1));
        Message answer = Assert.Single(bench.Receive(bench.Append(2, 1, EntryId.Zero, 0, 1)));
        Assert.Equal([1, 1, 1], bench.LogTerms());
        // And acknowledges what it covers, not what happens to be in the log.
        Assert.Equal(1, answer.Log.Index.Value);
    }

    [Fact]
    public void A_followers_commit_index_is_the_minimum_of_the_leaders_and_the_last_new_entry()
    {
        Bench bench = Bench.Create(log: [1, 1, 1]);
        bench.Receive(bench.Append(2, 2, Bench.Eid(1, 1), commit: 9));
        Assert.Equal(new LogIndex(1), bench.Core.CommitIndex);
        bench.Receive(bench.Append(2, 2, Bench.Eid(1, 1), 3, 1));
        Assert.Equal(new LogIndex(2), bench.Core.CommitIndex);
    }

    [Fact]
    public void An_append_from_before_the_commit_index_is_answered_with_the_commit_index()
    {
        Bench bench = Bench.Create();
        bench.Receive(bench.Append(2, 1, EntryId.Zero, 3, 1, 1, 1));
        Message answer = Assert.Single(bench.Receive(bench.Append(2, 1, Bench.Eid(1, 1), 3, 1)));
        Assert.Equal((3L, false), (answer.Log.Index.Value, answer.Reject));
    }

    [Fact]
    public void What_is_not_committed_is_replaced_and_what_is_committed_stops_the_node()
    {
        Bench bench = Bench.Create(log: [1, 2], hard: new HardState(new Term(2), default, new LogIndex(1)));
        bench.Receive(bench.Append(2, 3, Bench.Eid(1, 1), 0, 3));
        Assert.Equal([1, 3], bench.LogTerms());

        RaftLog log = new(EntryId.Zero, Bench.Entries(0, 1, 2), committed: new LogIndex(2), applied: default);
        Assert.Throws<InvariantViolationException>(() => log.TruncateAfter(new LogIndex(1)));
    }

    [Fact]
    public void A_heartbeat_that_counts_on_entries_which_are_gone_stops_the_node()
    {
        Bench bench = Bench.Create(log: [1]);
        Message heartbeat = bench.From(2, MessageKind.Heartbeat, 2) with { Commit = new LogIndex(2) };
        Assert.Throws<InvariantViolationException>(() => bench.Receive(heartbeat));
    }

    [Fact]
    public void A_heartbeat_never_carries_a_commit_index_beyond_what_the_follower_is_known_to_hold()
    {
        Bench bench = Leader();
        bench.Receive(bench.Ack(2, 1));
        bench.Core.Tick();
        List<Message> sent = bench.Settle();
        Assert.Equal(new LogIndex(1), sent.Single(m => m.Kind is MessageKind.Heartbeat && m.To.Value == 2).Commit);
        Assert.Equal(default, sent.Single(m => m.Kind is MessageKind.Heartbeat && m.To.Value == 3).Commit);
    }

    [Fact]
    public void A_report_of_a_write_that_was_overwritten_counts_for_nothing()
    {
        Bench bench = Bench.Create();
        bench.Core.Step(bench.Append(2, 1, EntryId.Zero, 0, 1, 1));
        ReadyCopy first = bench.Take();
        bench.Core.Step(bench.Append(3, 2, EntryId.Zero, 0, 2, 2));
        ReadyCopy second = bench.Take();
        // The same entries again, by a leader of a third term that still had them.
        bench.Core.Step(bench.Append(2, 3, EntryId.Zero, 2, 1, 1));
        ReadyCopy third = bench.Take();
        bench.Core.OnAppended(first.AppendAck);
        bench.Core.OnAppended(second.AppendAck);
        Assert.Equal(default, bench.Core.DurableIndex);
        Assert.False(bench.Core.HasReady);
        bench.Core.OnAppended(third.AppendAck);
        Assert.Equal(new LogIndex(2), bench.Core.DurableIndex);
        Assert.Equal(2, bench.Take().CommittedEntries.Length);
    }

    [Fact]
    public void What_was_durable_in_a_place_that_is_overwritten_is_not_durable_any_more()
    {
        Bench bench = Bench.Create(log: [1, 1, 1]);
        bench.Core.Step(bench.Append(2, 2, Bench.Eid(1, 1), 3, 2, 2));
        Assert.Equal(new LogIndex(1), bench.Core.DurableIndex);
        ReadyCopy ready = bench.Take();
        Assert.Equal(1, Assert.Single(ready.CommittedEntries).Index.Value);
        Assert.False(bench.Core.HasReady);
        bench.Sync(ready);
        Assert.Equal([2L, 3], bench.Take().CommittedEntries.Select(entry => entry.Index.Value));
    }

    [Fact]
    public void A_long_divergence_is_found_in_a_round_trip_for_each_term_not_for_each_entry()
    {
        long[] common = [.. Enumerable.Repeat(1L, 10)];
        Bench leader = Bench.Create(log: [.. common, .. Enumerable.Repeat(3L, 500)]);
        Bench follower = Bench.Create(id: 2, log: [.. common, .. Enumerable.Repeat(2L, 300)]);
        leader.Lead();
        int refusals = 0;
        Queue<Message> network = new(leader.Settle());
        leader.Core.ReportUnreachable(new NodeId(2));
        leader.Core.Tick();
        foreach (Message message in leader.Settle())
            network.Enqueue(message);
        while (network.TryDequeue(out Message message))
        {
            if (message.To.Value is not (1 or 2))
                continue;
            refusals += message.Reject ? 1 : 0;
            foreach (Message answer in (message.To == leader.Id ? leader : follower).Receive(message))
                network.Enqueue(answer);
        }

        Assert.InRange(refusals, 1, 3);
        Assert.Equal(leader.LogTerms(), follower.LogTerms());
    }

    [Fact]
    public void A_refusal_never_moves_next_below_what_is_known_to_match()
    {
        Bench bench = Leader();
        bench.Propose();
        bench.Settle();
        bench.Receive(bench.Ack(2, 2));
        bench.Receive(bench.Ack(2, 0) with { Log = Bench.Eid(0, 1), Reject = true });
        Assert.Equal((2L, 3L), (bench.Progress(2).Match.Value, bench.Progress(2).Next.Value));
    }

    [Fact]
    public void Acknowledgements_out_of_order_never_take_match_back()
    {
        Bench bench = Leader();
        bench.Propose();
        bench.Settle();
        bench.Receive(bench.Ack(2, 2));
        bench.Receive(bench.Ack(2, 1));
        Assert.Equal(2, bench.Progress(2).Match.Value);
    }

    [Fact]
    public void An_acknowledgement_of_what_the_leader_never_had_is_refused()
    {
        Bench bench = Leader();
        bench.Receive(bench.Ack(2, 99));
        Assert.Equal(0, bench.Progress(2).Match.Value);
        Assert.Contains(bench.Events.Concat(bench.Take().Events), e => e.Kind is RaftEventKind.MessageRefused);
    }

    [Fact]
    public void An_answer_of_a_former_membership_counts_for_nothing()
    {
        Membership membership = Membership.CreateInitial(
            [new(new NodeId(1), default, ""), new(new NodeId(2), new LogIndex(7), "")]);
        Bench bench = Bench.Create(membership: membership);
        bench.Lead();
        bench.Receive(bench.Ack(2, 1) with { Session = new LogIndex(3) });
        Assert.Equal(default, bench.Core.CommitIndex);
        bench.Receive(bench.Ack(2, 1) with { Session = new LogIndex(7) });
        Assert.Equal(new LogIndex(1), bench.Core.CommitIndex);
    }

    [Fact]
    public void Answers_echo_the_session_that_the_leader_named()
    {
        Bench bench = Bench.Create();
        Message append = bench.Append(2, 1, EntryId.Zero, 0, 1) with { Session = new LogIndex(9) };
        Assert.Equal(new LogIndex(9), Assert.Single(bench.Receive(append)).Session);
        Message heartbeat = bench.From(2, MessageKind.Heartbeat, 1) with { Session = new LogIndex(9), Context = 4 };
        Message answer = Assert.Single(bench.Receive(heartbeat));
        Assert.Equal((new LogIndex(9), 4UL), (answer.Session, answer.Context));
    }

    [Fact]
    public void A_full_window_pauses_and_a_heartbeat_reopens_it_when_everything_was_lost()
    {
        Bench bench = Leader(options => options with { MaxInflightAppends = 2, MaxAppendEntries = 1 });
        bench.Receive(bench.Ack(2, 1));
        for (int i = 0; i < 5; i++)
            bench.Propose();
        Assert.Equal(2, bench.Settle().Count(m => m.To.Value == 2 && !m.Entries.IsEmpty));
        Assert.True(bench.Progress(2).IsPaused);
        // The answer to a heartbeat brings an empty append, whose refusal shows what was lost.
        Message probe = bench.Receive(bench.HeartbeatAck(2)).Single(m => m.To.Value == 2);
        Assert.Equal((MessageKind.Append, 0, 3L), (probe.Kind, probe.Entries.Length, probe.Log.Index.Value));
        List<Message> again = bench.Receive(bench.Ack(2, 0) with
        {
            Log = new EntryId(default, probe.Log.Index),
            Reject = true,
            Hint = Bench.Eid(1, 1),
        });
        Assert.Equal(Bench.Eid(1, 1), again.Single(m => m.To.Value == 2).Log);
    }

    [Fact]
    public void The_window_is_bounded_in_bytes_and_still_passes_a_large_entry()
    {
        Bench bench = Leader(options => options with { MaxInflightBytes = 100, MaxAppendBytes = 60 });
        bench.Receive(bench.Ack(2, 1));
        bench.Propose(bytes: 500);
        bench.Propose(bytes: 50);
        Message append = bench.Settle().Single(m => m.To.Value == 2 && !m.Entries.IsEmpty);
        Assert.Equal(500, append.Entries.Span[0].Payload.Length);
        Assert.Contains(bench.Receive(bench.Ack(2, 2)), m => m.To.Value == 2 && m.Entries.Length == 1);
    }

    [Fact]
    public void The_uncommitted_tail_is_bounded_and_the_first_proposal_always_fits()
    {
        Bench bench = Leader(options => options with { MaxUncommittedBytes = 100 });
        bench.Propose(bytes: 500);
        Assert.Equal(ProposeStatus.UncommittedLimit, bench.Core.Propose(EntryKind.Command, new byte[1], null, out _));
        Assert.Equal(ProposeStatus.Accepted, bench.Core.Propose(EntryKind.Command, default, null, out _));
        bench.Settle();
        bench.Receive(bench.Ack(2, 3));
        bench.Propose(bytes: 60);
        Assert.Equal(ProposeStatus.UncommittedLimit, bench.Core.Propose(EntryKind.Command, new byte[41], null, out _));
        bench.Propose(bytes: 40);
    }

    [Fact]
    public void An_idle_follower_learns_of_a_commit_at_once_and_a_busy_one_with_its_next_entries()
    {
        Bench bench = Leader();
        Assert.Contains(bench.Receive(bench.Ack(2, 1)), m => m.To.Value == 2 && m.Commit.Value == 1);
        Bench lazy = Leader(options => options with { EagerCommitPropagation = false });
        Assert.DoesNotContain(lazy.Receive(lazy.Ack(2, 1)), m => m.To.Value == 2 && m.Commit.Value == 1);
        lazy.Propose();
        Assert.Contains(lazy.Settle(), m => m.To.Value == 2 && m.Commit.Value == 1);
    }

    [Fact]
    public void A_follower_answers_what_tells_the_leader_something_and_not_that_it_has_heard_of_a_commit()
    {
        Bench bench = Bench.Create();
        Assert.Single(bench.Receive(bench.Append(2, 1, EntryId.Zero, 0, 1)));
        Assert.Empty(bench.Receive(bench.Append(2, 1, Bench.Eid(1, 1), commit: 1)));

        // The same once more may be the question of a leader that has lost the answer to the entry.
        Assert.Single(bench.Receive(bench.Append(2, 1, Bench.Eid(1, 1), commit: 1)));
        Assert.Single(bench.Receive(bench.Append(2, 1, Bench.Eid(1, 3), commit: 2)), m => m.Reject);
    }

    [Fact]
    public void Only_a_leader_takes_proposals()
    {
        Bench bench = Bench.Create();
        bench.Receive(bench.Append(2, 1, EntryId.Zero));
        Assert.Equal(ProposeStatus.NotLeader, bench.Core.Propose(EntryKind.Command, new byte[1], null, out _));
    }

    [Fact]
    public void Entries_that_do_not_follow_each_other_are_refused()
    {
        Bench bench = Bench.Create();
        Message holes = bench.Append(2, 1, EntryId.Zero) with { Entries = Bench.Entries(1, 1) };
        Message backwards = bench.Append(2, 2, EntryId.Zero, 0, 2, 1);
        Message future = bench.Append(2, 1, EntryId.Zero, 0, 2);
        foreach (Message message in new[] { holes, backwards, future })
            Assert.Empty(bench.Receive(message));
        Assert.Empty(bench.LogTerms());
    }

    private static Bench Leader(Func<RaftCoreOptions, RaftCoreOptions>? options = null)
    {
        Bench bench = Bench.Create(options: options);
        bench.Lead();
        return bench;
    }
}
