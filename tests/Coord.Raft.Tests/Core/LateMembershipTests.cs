using Coord.Raft.Core;

namespace Coord.Raft.Tests.Core;

/// <summary>A change that the state machine reaches only after a snapshot has overtaken it (Raft §6, §7).</summary>
public sealed class LateMembershipTests
{
    [Fact]
    public void A_change_that_a_snapshot_includes_is_not_applied_once_more()
    {
        NodeId leader = new(2);
        Membership initial = Membership.CreateInitial(
            Enumerable.Range(1, 3).Select(id => new Member(new NodeId((ulong)id), default, "")));
        EntryId start = new(new Term(1), new LogIndex(1));
        RaftCore core = new(
            new RaftCoreOptions { Id = new NodeId(1) },
            new RaftCoreState(
                new HardState(new Term(1), NodeId.None, start.Index), new SnapshotMetadata(start, initial), start,
                default, start.Index));
        MembershipChange removal = new() { Changes = [new MemberChange(MemberChangeKind.Remove, new NodeId(3))] };
        Entry change = new(
            new EntryId(new Term(1), new LogIndex(2)), EntryKind.Membership, MembershipChangeCodec.Encode(removal));
        core.Step(new Message
        {
            Kind = MessageKind.Append,
            From = leader,
            To = core.Id,
            Term = new Term(1),
            Log = start,
            Commit = change.Index,
            Entries = new[] { change },
        });
        core.OnAppended(core.TakeReady().AppendAck);
        Assert.Equal(1, core.TakeReady().CommittedEntries.Length);

        // Member 3 is in again by the time of the snapshot.
        Membership later = initial with { Version = new LogIndex(50) };
        core.Step(new Message
        {
            Kind = MessageKind.Snapshot,
            From = leader,
            To = core.Id,
            Term = new Term(1),
            Snapshot = new SnapshotMetadata(new EntryId(new Term(1), new LogIndex(90)), later),
        });
        Membership inEffect = core.ApplyMembership(change);
        core.OnApplied(change.Index);

        Assert.Equal(later, inEffect);
        Assert.Equal(later, core.Membership);
    }
}
