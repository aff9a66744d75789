using Coord.Raft.Driver;

namespace Coord.Raft.Tests.Driver;

/// <summary>What the owner loop does in moments that threads would reach by chance only.</summary>
public sealed class RaftDriverTests
{
    [Fact]
    public async Task A_proposal_of_an_earlier_leadership_ends_as_unknown_when_its_place_is_taken_in_a_later_one()
    {
        PumpedNode node = new();
        node.BecomeLeader();
        Task<ProposalResult> first = node.ProposeAsync("a");
        Task<ProposalResult> second = node.ProposeAsync("b");
        LogIndex last = node.Core.LastEntry.Index;

        Term term = node.Core.Term.Next;
        node.Deliver(new Message
        {
            Kind = MessageKind.Append,
            From = PumpedNode.Other,
            Term = term,
            Log = Bootstrap.FirstEntry,
            Entries = new[] { new Entry(new EntryId(term, new LogIndex(2)), EntryKind.Command, default) },
        });
        node.BecomeLeader();
        Task<ProposalResult> third = node.ProposeAsync("c");

        Assert.Equal(last, node.Core.LastEntry.Index);
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => second);
        node.Acknowledge(last);
        Assert.Equal(last, (await third).Id.Index);
        await Assert.ThrowsAsync<ProposalDroppedException>(() => first);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3_600)]
    [InlineData(315_360_000)]
    public void A_leap_of_the_clock_is_one_tick_and_starts_no_election(long seconds)
    {
        PumpedNode node = new();
        Term term = node.Core.Term;

        node.Clock += seconds * 1_000_000_000;
        node.Pump();

        Assert.Equal(RaftRole.Follower, node.Core.Role);
        Assert.Equal(term, node.Core.Term);
        Assert.Empty(node.Sent);
    }

    [Fact]
    public void A_lease_that_ended_during_a_pause_answers_no_read_that_another_member_asks()
    {
        PumpedNode node = new(options => options.LeaseReads = true);
        node.BecomeLeader();
        node.Acknowledge(node.Core.LastEntry.Index);
        Message heartbeat = BeatUntilSent(node);
        node.Deliver(heartbeat with
        {
            Kind = MessageKind.HeartbeatResponse,
            From = PumpedNode.Other,
        });
        Message read = new()
        {
            Kind = MessageKind.ReadIndex,
            From = PumpedNode.Other,
            Term = node.Core.Term,
            Context = 5,
        };

        node.Deliver(read);
        Assert.Contains(node.Sent, message => message.Kind is MessageKind.ReadIndexResponse && message.Context == 5);

        node.Clock += 10_000_000_000;
        node.Deliver(read with { Context = 6 });
        Assert.DoesNotContain(
            node.Sent, message => message.Kind is MessageKind.ReadIndexResponse && message.Context == 6);
    }

    [Fact]
    public async Task A_commit_index_alone_is_persisted_with_the_next_tick()
    {
        PumpedNode node = new();
        node.BecomeLeader();
        Task<ProposalResult> write = node.ProposeAsync("x");
        LogIndex last = node.Core.LastEntry.Index;
        node.Acknowledge(last);
        Assert.Equal(last, (await write).Id.Index);
        Assert.True(node.Log.HardState.Commit < last);

        node.Clock += (long)new RaftOptions().HeartbeatInterval.TotalNanoseconds;
        node.Pump();

        Assert.Equal(last, node.Log.HardState.Commit);
    }

    [Fact]
    public void A_repeated_forward_is_proposed_once()
    {
        PumpedNode node = new();
        node.BecomeLeader();
        Message forward = new()
        {
            Kind = MessageKind.Forward,
            From = PumpedNode.Other,
            Term = node.Core.Term,
            Context = 77,
            Payload = new byte[] { 1, (byte)EntryKind.Command, 42 },
        };
        LogIndex before = node.Core.LastEntry.Index;

        node.Deliver(forward);
        node.Deliver(forward);
        node.Deliver(forward with { Context = 76 });

        Assert.Equal(before + 2, node.Core.LastEntry.Index);
    }

    [Fact]
    public void A_snapshot_of_a_former_leader_does_not_take_the_place_of_the_present_ones()
    {
        PumpedNode node = new();
        SnapshotMetadata snapshot = new(new EntryId(new Term(2), new LogIndex(100)), node.Core.Membership);
        Message chunk = new()
        {
            Kind = MessageKind.SnapshotChunk,
            From = PumpedNode.Other,
            Term = new Term(3),
            Session = Bootstrap.FirstEntry.Index,
            Snapshot = snapshot,
        };
        node.Deliver(new Message { Kind = MessageKind.Heartbeat, From = PumpedNode.Other, Term = new Term(3) });
        node.Deliver(chunk with { Payload = Chunk(0, 1000, 10) });
        Assert.Equal(10, Arrived(node));

        node.Deliver(chunk with
        {
            From = new NodeId(3),
            Term = new Term(2),
            Snapshot = snapshot with { LastIncluded = new EntryId(new Term(2), new LogIndex(90)) },
            Payload = Chunk(0, 900, 10),
        });
        node.Deliver(chunk with { Payload = Chunk(10, 1000, 10) });

        Assert.Equal(20, Arrived(node));
        Assert.DoesNotContain(node.Sent, m => m.Kind is MessageKind.SnapshotChunkResponse && m.To == new NodeId(3));
    }

    [Fact]
    public void A_large_state_is_written_again_only_when_a_quarter_of_it_has_come_in()
    {
        PumpedNode node = new(options =>
            (options.SnapshotEntries, options.SnapshotBytes, options.TrailingEntries) = (1, 1L << 40, 0));
        node.BecomeLeader();
        node.Acknowledge(node.Core.LastEntry.Index);
        LogIndex Propose(int bytes)
        {
            _ = node.ProposeAsync(new string('x', bytes));
            node.Acknowledge(node.Core.LastEntry.Index);
            return node.Core.LastEntry.Index;
        }

        // Twenty times a mebibyte: each entry is worth a snapshot as long as the state is small.
        LogIndex last = default;
        for (int i = 0; i < 20; i++)
            last = Propose(1 << 20);
        Assert.Equal(last, node.Snapshots.Latest!.LastIncluded.Index);

        // From here on a quarter of the four mebibytes above the cheap sixteen has to come in first.
        LogIndex snapshot = last;
        Propose(1 << 19);
        Assert.Equal(snapshot, node.Snapshots.Latest!.LastIncluded.Index);
        last = Propose(1 << 20);
        Assert.Equal(last, node.Snapshots.Latest!.LastIncluded.Index);
    }

    [Fact]
    public void Of_large_entries_fewer_stay_behind_a_snapshot()
    {
        PumpedNode node = new(options =>
            (options.SnapshotEntries, options.SnapshotBytes, options.TrailingEntries) = (20, 4000, 10));
        node.BecomeLeader();
        for (int i = 0; i < 30 && node.Core.Snapshot.LastIncluded.Index.Value < 5; i++)
        {
            _ = node.ProposeAsync(new string('x', 300));
            node.Acknowledge(node.Core.LastEntry.Index);
        }

        // A quarter of 4,000 bytes has room for three of 300.
        Assert.Equal(node.Core.Snapshot.LastIncluded.Index - 2, node.Core.FirstIndex);
    }

    [Fact]
    public void A_removed_member_takes_no_snapshot_before_the_others_know_of_its_removal()
    {
        PumpedNode node = new(options => (options.SnapshotEntries, options.TrailingEntries) = (1, 0));
        MembershipChange removal = new() { Changes = [new MemberChange(MemberChangeKind.Remove, PumpedNode.Self)] };
        Term term = new(2);
        Message append = new()
        {
            Kind = MessageKind.Append,
            From = PumpedNode.Other,
            Term = term,
            Log = Bootstrap.FirstEntry,
            Commit = new LogIndex(2),
            Entries = new[]
            {
                new Entry(
                    new EntryId(term, new LogIndex(2)), EntryKind.Membership, MembershipChangeCodec.Encode(removal)),
            },
        };

        node.Deliver(append);
        Assert.Equal(2, node.Core.AppliedIndex.Value);
        Assert.Equal(1, node.Snapshots.Latest!.LastIncluded.Index.Value);

        node.Deliver(append with
        {
            Log = new EntryId(term, new LogIndex(2)),
            Commit = new LogIndex(3),
            Entries = new[] { new Entry(new EntryId(term, new LogIndex(3)), EntryKind.Command, default) },
        });
        Assert.Equal(3, node.Snapshots.Latest!.LastIncluded.Index.Value);
    }

    /// <summary>Else a request made from the membership before takes back what came into force meanwhile.</summary>
    [Fact]
    public async Task A_new_leader_judges_a_change_by_the_membership_that_its_log_ends_with()
    {
        PumpedNode node = new();
        Membership before = node.Core.Membership;
        MemberChange addition = new(MemberChangeKind.AddLearner, new NodeId(4));
        Term term = new(2);
        node.Deliver(new Message
        {
            Kind = MessageKind.Append,
            From = PumpedNode.Other,
            Term = term,
            Log = Bootstrap.FirstEntry,
            Entries = new[]
            {
                new Entry(
                    new EntryId(term, new LogIndex(2)), EntryKind.Membership,
                    MembershipChangeCodec.Encode(new MembershipChange { Changes = [addition] })),
            },
        });
        node.BecomeLeader();
        TaskCompletionSource<Membership> done = new();

        MembershipTarget withoutAny = MembershipTarget.From(before) with { Voters = [new(PumpedNode.Self, "")] };
        node.Driver.ChangeMembership(withoutAny, before.Version, done);
        node.Pump();
        Assert.False(done.Task.IsCompleted);
        node.Acknowledge(node.Core.LastEntry.Index);
        node.Clock += (long)new RaftOptions().HeartbeatInterval.TotalNanoseconds;
        node.Pump();

        Assert.True(done.Task.IsCompleted);
        MembershipChangeRefusedException refused =
            await Assert.ThrowsAsync<MembershipChangeRefusedException>(() => done.Task);
        Assert.Equal(MembershipRefusal.Outdated, refused.Reason);
        Assert.True(node.Core.Membership.IsLearner(new NodeId(4)));
        Assert.Equal(3, node.Core.Membership.Voters.Length);
    }

    private static Message BeatUntilSent(PumpedNode node)
    {
        node.Sent.Clear();
        node.Clock += 100_000_000;
        node.Pump();
        return Assert.Single(
            node.Sent, message => message.Kind is MessageKind.Heartbeat && message.To == PumpedNode.Other);
    }

    private static byte[] Chunk(long offset, long length, int bytes)
    {
        byte[] body = new byte[SnapshotChunkCodec.ChunkHeader + bytes];
        SnapshotChunkCodec.WriteHeader(body, offset, length);
        return body;
    }

    private static long Arrived(PumpedNode node)
    {
        Message answer = node.Sent.Last(message => message.Kind is MessageKind.SnapshotChunkResponse);
        Assert.True(SnapshotChunkCodec.TryReadResponse(answer.Payload, out _, out long received));
        return received;
    }
}
