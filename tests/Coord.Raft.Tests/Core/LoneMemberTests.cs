using Coord.Raft.Core;

namespace Coord.Raft.Tests.Core;

/// <summary>A member without others keeps in memory nothing of its log that is applied, until somebody joins.</summary>
public sealed class LoneMemberTests
{
    [Fact]
    public void Who_is_alone_forgets_what_is_applied()
    {
        Bench bench = Alone();
        Assert.Empty(bench.LogTerms());
        Assert.Equal(bench.Core.AppliedIndex, bench.Core.LogBase.Index);
        EntryId next = bench.Propose();
        bench.Settle();
        Assert.Equal(next.Index, bench.Core.AppliedIndex);
        Assert.False(bench.Core.WantsSnapshot);
    }

    [Fact]
    public void What_is_not_applied_stays()
    {
        Bench bench = Alone();
        bench.Propose();
        bench.Sync(bench.Take());
        bench.Core.CompactIfAlone();
        Assert.Single(bench.LogTerms());
    }

    [Fact]
    public void Who_has_company_keeps_its_log()
    {
        Bench bench = Bench.Create(voters: 3);
        bench.Lead();
        bench.Propose();
        bench.Settle();
        bench.Receive(bench.Ack(2, bench.Core.LastEntry.Index.Value));
        bench.Core.CompactIfAlone();
        Assert.NotEmpty(bench.LogTerms());
    }

    [Fact]
    public void Whoever_joins_is_sent_a_snapshot_that_reaches_to_the_log_once_there_is_one()
    {
        Bench bench = Alone();
        bench.Core.OnSnapshotSaved(new SnapshotMetadata(Bench.Eid(1, 2), bench.Core.Membership));
        Join(bench);
        Assert.DoesNotContain(Refuse(bench), message => message.Kind is MessageKind.Snapshot);
        Assert.True(bench.Core.WantsSnapshot);

        EntryId last = new(bench.Core.Term, bench.Core.AppliedIndex);
        bench.Core.OnSnapshotSaved(new SnapshotMetadata(last, bench.Core.Membership));
        Assert.False(bench.Core.WantsSnapshot);
        bench.Ticks(1);
        bench.Settle();
        Message order = bench.Receive(Heard(bench)).Single(message => message.Kind is MessageKind.Snapshot);
        Assert.Equal(last, order.Snapshot!.LastIncluded);
    }

    [Fact]
    public void From_then_on_the_log_stays()
    {
        Bench bench = Alone();
        Join(bench);
        bench.Propose();
        bench.Settle();
        bench.Core.CompactIfAlone();
        Assert.Equal(2, bench.LogTerms().Length);
    }

    private static Bench Alone()
    {
        Bench bench = Bench.Create(voters: 1);
        bench.Lead();
        for (int i = 0; i < 5; i++)
            bench.Propose();
        bench.Settle();
        bench.Core.CompactIfAlone();
        return bench;
    }

    private static void Join(Bench bench)
    {
        MembershipChange change = new() { Changes = [new(MemberChangeKind.AddLearner, new NodeId(2))] };
        Assert.Equal(ProposeStatus.Accepted, bench.Core.ProposeMembership(change, out _));
        bench.Settle();
    }

    private static List<Message> Refuse(Bench bench)
    {
        Message refusal = bench.Ack(2, bench.Progress(2).Next.Value - 1) with
        {
            Reject = true,
            Session = bench.Core.Membership.Version,
        };
        return [.. bench.Receive(refusal), .. bench.Receive(Heard(bench))];
    }

    private static Message Heard(Bench bench) =>
        bench.HeartbeatAck(2) with { Session = bench.Core.Membership.Version };
}
