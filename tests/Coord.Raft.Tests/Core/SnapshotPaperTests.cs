using Coord.Raft.Core;
using Coord.Raft.Tests.Conformance;

namespace Coord.Raft.Tests.Core;

/// <summary>Raft §7: log compaction, and snapshots for those whose entries are gone.</summary>
public sealed class SnapshotPaperTests
{
    [Fact]
    public void A_follower_whose_next_entry_was_discarded_is_sent_a_snapshot_and_nothing_else()
    {
        Bench bench = WithLaggard(out Message order);
        Assert.Equal(new EntryId(new Term(1), new LogIndex(4)), order.Snapshot!.LastIncluded);
        Assert.Equal(ProgressState.Snapshot, bench.Progress(3).State);
        bench.Propose();
        Assert.DoesNotContain(bench.Settle(), message => message.To.Value == 3);
    }

    [Fact]
    public void When_the_snapshot_is_acknowledged_replication_goes_on_behind_it()
    {
        Bench bench = WithLaggard(out _);
        bench.Propose();
        bench.Settle();
        List<Message> sent = bench.Receive(bench.Ack(3, 4));
        Assert.Equal(ProgressState.Replicate, bench.Progress(3).State);
        Assert.Equal(Bench.Eid(1, 4), sent.First(message => message.To.Value == 3).Log);
    }

    [Fact]
    public void A_snapshot_that_failed_is_sent_again()
    {
        Bench bench = WithLaggard(out _);
        bench.Core.ReportSnapshot(new NodeId(3), succeeded: false);
        Assert.Equal(ProgressState.Probe, bench.Progress(3).State);
        Assert.Contains(bench.Receive(bench.HeartbeatAck(3)), message => message.Kind is MessageKind.Snapshot);
    }

    [Fact]
    public void After_a_reported_success_the_follower_is_asked_where_it_stands()
    {
        Bench bench = WithLaggard(out _);
        bench.Core.ReportSnapshot(new NodeId(3), succeeded: true);
        Message probe = bench.Receive(bench.HeartbeatAck(3)).Single(message => message.To.Value == 3);
        Assert.Equal((MessageKind.Append, Bench.Eid(1, 4)), (probe.Kind, probe.Log));
    }

    [Fact]
    public void A_snapshot_whose_receiver_was_gone_is_not_in_progress_for_ever()
    {
        Bench bench = WithLaggard(out _);
        bench.Ticks(10);
        Assert.Contains(bench.Receive(bench.HeartbeatAck(3)), message => message.Kind is MessageKind.Snapshot);
    }

    [Fact]
    public void Who_is_silent_gets_no_snapshot()
    {
        Bench bench = Compacted();
        bench.Core.ReportUnreachable(new NodeId(3));
        bench.Ticks(1);
        Assert.DoesNotContain(bench.Settle(), message => message.Kind is MessageKind.Snapshot);
    }

    [Fact]
    public void A_follower_discards_its_entire_log_for_a_snapshot_of_another_history()
    {
        Bench bench = Bench.Create(log: [1, 1, 1, 1, 1, 1]);
        bench.Core.Step(SnapshotFrom(bench, 2, term: 3, last: Bench.Eid(2, 4)));
        ReadyCopy ready = bench.Take();
        Assert.True(ready.MustSync);
        Assert.Equal(Bench.Eid(2, 4), ready.Snapshot!.LastIncluded);
        Assert.Empty(ready.Messages);
        Assert.Equal(4, Assert.Single(ready.MessagesAfterAppend).Log.Index.Value);
        Assert.Equal(Bench.Eid(2, 4), bench.Core.LastEntry);
        Assert.Empty(bench.LogTerms());
        Assert.Equal(ready.Snapshot.Membership, bench.Core.Membership);
    }

    [Fact]
    public void Entries_behind_a_snapshot_are_applied_after_it_is_installed()
    {
        Bench bench = Bench.Create();
        bench.Core.Step(SnapshotFrom(bench, 2, term: 3, last: Bench.Eid(2, 4)));
        ReadyCopy snapshot = bench.Take();
        bench.Core.Step(bench.Append(2, 3, Bench.Eid(2, 4), 5, 3));
        ReadyCopy entries = bench.Take();
        Assert.Empty(entries.CommittedEntries);
        bench.Core.Campaign();
        Assert.Equal(RaftRole.Follower, bench.Core.Role);
        bench.Sync(snapshot);
        Assert.Equal(new LogIndex(4), bench.Core.AppliedIndex);
        bench.Sync(entries);
        Assert.Equal(5, Assert.Single(bench.Take().CommittedEntries).Index.Value);
    }

    [Fact]
    public void A_second_snapshot_supersedes_the_first_wherever_that_is()
    {
        Bench bench = Bench.Create();
        bench.Core.Step(SnapshotFrom(bench, 2, term: 3, last: Bench.Eid(2, 4)));
        ReadyCopy first = bench.Take();
        bench.Core.Step(SnapshotFrom(bench, 2, term: 3, last: Bench.Eid(2, 9)));
        ReadyCopy second = bench.Take();
        bench.Sync(first);
        Assert.Equal(default, bench.Core.AppliedIndex);
        bench.Sync(second);
        Assert.Equal(new LogIndex(9), bench.Core.AppliedIndex);
    }

    [Fact]
    public void A_snapshot_of_what_is_committed_changes_nothing()
    {
        Bench bench = Bench.Create();
        bench.Receive(bench.Append(2, 1, EntryId.Zero, 3, 1, 1, 1));
        Message answer = Assert.Single(bench.Receive(SnapshotFrom(bench, 2, term: 1, last: Bench.Eid(1, 2))));
        Assert.Equal(3, answer.Log.Index.Value);
        Assert.Equal([1, 1, 1], bench.LogTerms());
    }

    [Fact]
    public void A_snapshot_of_entries_that_are_there_only_commits_them()
    {
        Bench bench = Bench.Create();
        bench.Receive(bench.Append(2, 1, EntryId.Zero, 0, 1, 1, 1));
        bench.Core.Step(SnapshotFrom(bench, 2, term: 1, last: Bench.Eid(1, 2)));
        Assert.Equal(new LogIndex(2), bench.Core.CommitIndex);
        Assert.Null(bench.Take().Snapshot);
        Assert.Equal([1, 1, 1], bench.LogTerms());
    }

    [Fact]
    public void A_change_that_was_handed_out_before_a_snapshot_does_not_undo_the_snapshots_membership()
    {
        Bench bench = Bench.Create();
        MembershipChange change = new() { Changes = [new(MemberChangeKind.Remove, new NodeId(3))] };
        Entry entry = new(Bench.Eid(1, 1), EntryKind.Membership, MembershipChangeCodec.Encode(change));
        bench.Core.Step(bench.From(2, MessageKind.Append, 1) with
        {
            Entries = new[] { entry },
            Commit = new LogIndex(1),
        });
        bench.Sync(bench.Take());
        Entry[] late = bench.Take().CommittedEntries;
        bench.Core.Step(SnapshotFrom(bench, 2, term: 3, last: Bench.Eid(2, 4)));
        bench.Apply(late);
        Assert.Equal(3, bench.Core.Membership.Voters.Length);
        bench.Settle();
        Assert.Equal(new LogIndex(4), bench.Core.AppliedIndex);
    }

    [Fact]
    public void The_log_is_kept_until_a_snapshot_that_can_be_loaded_stands_for_it()
    {
        Bench bench = Bench.Create(voters: 1);
        bench.Lead();
        bench.Propose();
        bench.Settle();
        Assert.Throws<InvariantViolationException>(() => bench.Core.CompactTo(new LogIndex(2)));
        bench.Core.OnSnapshotSaved(new SnapshotMetadata(Bench.Eid(1, 1), bench.Core.Membership));
        Assert.Throws<InvariantViolationException>(() => bench.Core.CompactTo(new LogIndex(2)));
        bench.Core.CompactTo(new LogIndex(1));
        Assert.Equal(new LogIndex(2), bench.Core.FirstIndex);
    }

    [Fact]
    public void A_state_that_lies_behind_the_log_is_not_started_from()
    {
        RaftCoreOptions options = new() { Id = new NodeId(1) };
        RaftCoreState state = new(
            new HardState(new Term(1), default, new LogIndex(6)), SnapshotMetadata.Empty, Bench.Eid(1, 5),
            Bench.Entries(5, 1), Applied: new LogIndex(3));
        Assert.Throws<InvariantViolationException>(() => new RaftCore(options, state));
    }

    [Fact]
    public void The_commit_index_does_not_go_back_over_a_restart()
    {
        RaftCoreOptions options = new() { Id = new NodeId(1) };
        SnapshotMetadata snapshot = new(Bench.Eid(1, 3), Membership.Empty);
        RaftCoreState state = new(
            new HardState(new Term(1), default, new LogIndex(2)), snapshot, EntryId.Zero, Bench.Entries(0, 1, 1, 1, 1),
            Applied: new LogIndex(3));
        Assert.Equal(new LogIndex(3), new RaftCore(options, state).CommitIndex);
    }

    private static Message SnapshotFrom(Bench bench, ulong leader, long term, EntryId last) =>
        bench.From(leader, MessageKind.Snapshot, term) with
        {
            Snapshot = new SnapshotMetadata(
                last, Membership.CreateInitial(
                    Enumerable.Range(1, 3).Select(i => new Member(new NodeId((ulong)i), default, "")))),
        };

    private static Bench Compacted()
    {
        Bench bench = Bench.Create();
        bench.Lead();
        for (int i = 0; i < 3; i++)
            bench.Propose();
        bench.Settle();
        bench.Receive(bench.Ack(2, 1));
        bench.Receive(bench.Ack(2, 4));
        Assert.Equal(new LogIndex(4), bench.Core.AppliedIndex);
        bench.Core.OnSnapshotSaved(new SnapshotMetadata(Bench.Eid(1, 4), bench.Core.Membership));
        bench.Core.CompactTo(new LogIndex(3));
        return bench;
    }

    private static Bench WithLaggard(out Message order)
    {
        Bench bench = Compacted();
        Message refusal = bench.Ack(3, 0) with { Reject = true, Hint = EntryId.Zero };
        order = bench.Receive(refusal).Single(message => message.Kind is MessageKind.Snapshot);
        return bench;
    }
}
