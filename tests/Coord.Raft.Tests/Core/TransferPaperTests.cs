using Coord.Raft.Core;

namespace Coord.Raft.Tests.Core;

/// <summary>Thesis §3.10: leadership transfer.</summary>
public sealed class TransferPaperTests
{
    [Fact]
    public void The_prior_leader_stops_accepting_proposals_brings_the_target_up_to_date_and_tells_it_to_campaign()
    {
        Bench bench = Leader();
        bench.Propose();
        bench.Settle();
        bench.Core.TransferLeadership(new NodeId(2));
        Assert.Equal(new NodeId(2), bench.Core.TransferTarget);
        Assert.Equal(
            ProposeStatus.LeadershipTransferring, bench.Core.Propose(EntryKind.Command, new byte[1], null, out _));
        Assert.DoesNotContain(bench.Settle(), m => m.Kind is MessageKind.TimeoutNow);
        List<Message> sent = bench.Receive(bench.Ack(2, 2));
        Assert.Equal(2UL, sent.Single(m => m.Kind is MessageKind.TimeoutNow).To.Value);
    }

    [Fact]
    public void The_target_campaigns_at_once_without_asking_first()
    {
        Bench bench = Bench.Create(options: o => o with { PreVote = true, CheckQuorum = true });
        bench.Receive(bench.Append(2, 1, EntryId.Zero));
        Assert.Empty(bench.Receive(bench.From(3, MessageKind.TimeoutNow, 1))); // Not from the leader.
        List<Message> sent = bench.Receive(bench.From(2, MessageKind.TimeoutNow, 1));
        Assert.Equal(RaftRole.Candidate, bench.Core.Role);
        Assert.All(sent, message => Assert.Equal((MessageKind.Vote, 1UL), (message.Kind, message.Context)));
    }

    [Fact]
    public void If_the_transfer_does_not_complete_in_an_election_timeout_the_leader_aborts_and_goes_on()
    {
        Bench bench = Leader();
        bench.Core.TransferLeadership(new NodeId(2));
        bench.Ticks(9);
        Assert.Equal(new NodeId(2), bench.Core.TransferTarget);
        bench.Ticks(1);
        Assert.True(bench.Core.TransferTarget.IsNone);
        bench.Propose();
    }

    [Fact]
    public void The_transfer_ends_with_the_leadership()
    {
        Bench bench = Leader();
        bench.Core.TransferLeadership(new NodeId(2));
        bench.Receive(bench.From(3, MessageKind.HeartbeatResponse, 5));
        Assert.True(bench.Core.TransferTarget.IsNone);
        bench.Lead();
        bench.Propose();
    }

    [Fact]
    public void A_second_target_replaces_the_first()
    {
        Bench bench = Leader();
        bench.Propose();
        bench.Core.TransferLeadership(new NodeId(2));
        bench.Core.TransferLeadership(new NodeId(3));
        Assert.Equal(new NodeId(3), bench.Core.TransferTarget);
        Assert.DoesNotContain(bench.Receive(bench.Ack(2, 2)), m => m.Kind is MessageKind.TimeoutNow);
    }

    [Theory]
    [InlineData(1)] // Itself.
    [InlineData(3)] // A witness.
    [InlineData(4)] // A learner.
    [InlineData(9)] // Nobody.
    public void Who_cannot_lead_is_refused(ulong to)
    {
        Membership membership = Membership.CreateInitial(
        [
            new(new NodeId(1), default, ""),
            new(new NodeId(2), default, ""),
            new(new NodeId(3), default, "", IsWitness: true),
        ]);
        membership = membership with
        {
            Learners = [new NodeId(4)],
            Members = [.. membership.Members, new Member(new NodeId(4), default, "")],
        };
        Bench bench = Bench.Create(membership: membership);
        bench.Lead();
        foreach (ulong peer in new ulong[] { 2, 3, 4 })
            bench.Receive(bench.Ack(peer, 1));
        bench.Core.TransferLeadership(new NodeId(to));
        Assert.True(bench.Core.TransferTarget.IsNone);
        bench.Propose();
    }

    [Fact]
    public void A_laggard_is_refused()
    {
        Bench bench = Leader(options => options with { MaxTransferLagEntries = 3 });
        for (int i = 0; i < 4; i++)
            bench.Propose();
        bench.Core.TransferLeadership(new NodeId(2));
        Assert.True(bench.Core.TransferTarget.IsNone);
    }

    [Fact]
    public void A_follower_passes_the_wish_on_to_the_leader()
    {
        Bench follower = Bench.Create();
        follower.Receive(follower.Append(2, 1, EntryId.Zero));
        follower.Core.TransferLeadership(new NodeId(3));
        Message wish = Assert.Single(follower.Settle());
        Bench leader = Leader();
        leader.Receive(wish with { From = new NodeId(2) });
        Assert.Equal(new NodeId(3), leader.Core.TransferTarget);
    }

    private static Bench Leader(Func<RaftCoreOptions, RaftCoreOptions>? options = null)
    {
        Bench bench = Bench.Create(options: options);
        bench.Lead();
        bench.Receive(bench.Ack(2, 1));
        bench.Receive(bench.Ack(3, 1));
        return bench;
    }
}
