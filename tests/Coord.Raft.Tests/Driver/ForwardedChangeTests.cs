using System.Buffers;
using Coord.Raft.Driver;

namespace Coord.Raft.Tests.Driver;

/// <summary>The membership can be changed through any member, and what became of it is told truly.</summary>
public sealed class ForwardedChangeTests
{
    private static readonly NodeId Newcomer = new(4);

    [Fact]
    public async Task A_follower_that_is_asked_adds_a_voter_and_tells_the_membership()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode follower = await cluster.FollowerAsync();
        await cluster.StartNodeAsync(Newcomer, joinExisting: true);
        Membership current = follower.Status.Membership;

        Membership changed = await follower.ChangeMembershipAsync(With(current), current.Version);

        Assert.Contains(Newcomer, changed.Voters);
        Assert.True(changed.TryGetMember(Newcomer, out Member member));
        Assert.Equal("node4", member.Address);
    }

    [Fact]
    public async Task A_refusal_reaches_the_one_who_asked_a_follower()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode follower = await cluster.FollowerAsync();
        Membership current = follower.Status.Membership;

        MembershipChangeRefusedException refused = await Assert.ThrowsAsync<MembershipChangeRefusedException>(
            () => follower.ChangeMembershipAsync(With(current), current.Version.Next));

        Assert.Equal(MembershipRefusal.Outdated, refused.Reason);
        Assert.Equal(Outcome.DidNotHappen, refused.Outcome);
        Assert.Contains("read it again", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_voter_that_is_not_awaited_is_admitted_before_it_runs_and_hinders_no_other_change()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode follower = await cluster.FollowerAsync();
        Membership current = follower.Status.Membership;

        Membership admitted = await follower.ChangeMembershipAsync(
            With(current) with { AwaitsPromotion = false }, current.Version);

        Assert.True(admitted.IsLearner(Newcomer));
        RaftNode leader = await cluster.LeaderAsync();
        NodeId leaving = cluster.Nodes.Keys.Single(id => id != leader.Id && id != follower.Id);
        MembershipTarget target = MembershipTarget.From(admitted);
        target = target with
        {
            Voters = target.Voters.RemoveAll(member => member.Id == leaving),
            AwaitsPromotion = false,
        };
        Membership shrunk = await follower.ChangeMembershipAsync(target, admitted.Version);
        Assert.DoesNotContain(leaving, shrunk.Voters);

        await cluster.StartNodeAsync(Newcomer, joinExisting: true);
        await cluster.EventuallyAsync(
            () => leader.Status.Membership.Voters.Contains(Newcomer) ? leader : null, "the newcomer votes");
    }

    [Fact]
    public async Task A_change_that_is_asked_before_there_is_a_leader_waits_for_one()
    {
        await using TestCluster cluster = new(3);
        RaftNode first = await cluster.StartNodeAsync(new NodeId(1));
        Membership current = first.Status.Membership;
        Task<Membership> change = first.ChangeMembershipAsync(
            With(current) with { AwaitsPromotion = false }, current.Version);

        await cluster.StartNodeAsync(new NodeId(2));
        await cluster.StartNodeAsync(new NodeId(3));

        Assert.True((await change).IsLearner(Newcomer));
    }

    [Fact]
    public void A_repeated_change_is_begun_once_and_a_stranger_has_no_say()
    {
        PumpedNode node = new();
        node.BecomeLeader();
        node.Acknowledge(node.Core.LastEntry.Index);
        Message forward = Forward(node, With(node.Core.Membership) with { AwaitsPromotion = false });
        LogIndex before = node.Core.LastEntry.Index;

        node.Deliver(forward with { From = new NodeId(9) });
        Assert.Equal(before, node.Core.LastEntry.Index);
        Assert.Equal((ForwardedChangeStatus.Refused, new NodeId(9)), LastAnswer(node));

        node.Deliver(forward);
        node.Deliver(forward);
        Assert.Equal(before.Next, node.Core.LastEntry.Index);
        node.Acknowledge(node.Core.LastEntry.Index);
        Assert.Equal((ForwardedChangeStatus.Reached, PumpedNode.Other), LastAnswer(node));
        Assert.Equal(2, node.Sent.Count(message => message.Kind is MessageKind.ForwardChangeResponse));
    }

    [Fact]
    public async Task A_follower_whose_leader_is_lost_says_that_the_outcome_is_unknown()
    {
        PumpedNode node = new();
        node.Deliver(new Message { Kind = MessageKind.Heartbeat, From = PumpedNode.Other, Term = new Term(2) });
        TaskCompletionSource<Membership> done = new();
        node.Driver.ChangeMembership(With(node.Core.Membership), node.Core.Membership.Version, done);
        Assert.Contains(node.Sent, message => message.Kind is MessageKind.ForwardChange);

        Assert.True(node.Driver.TryEnqueue(new Inbound(default, Unreachable: PumpedNode.Other)));
        node.Pump();

        await Assert.ThrowsAsync<OutcomeUnknownException>(() => done.Task);
    }

    [Fact]
    public void A_wanted_membership_survives_the_wire()
    {
        MembershipTarget target = new()
        {
            Voters = [new(new NodeId(3), "c"), new(new NodeId(1), "")],
            Witnesses = [new(new NodeId(2), "b")],
            Learners = [new(new NodeId(7), "d")],
            AwaitsPromotion = false,
        };
        ArrayBufferWriter<byte> buffer = new();
        ForwardedChangeCodec.WriteRequest(buffer, target, new LogIndex(5));

        Assert.True(
            ForwardedChangeCodec.TryReadRequest(buffer.WrittenMemory, out MembershipTarget read, out LogIndex version));
        Assert.Equal(5, version.Value);
        Assert.False(read.AwaitsPromotion);
        Assert.Equal<MemberAddress>([new(new NodeId(1), ""), new(new NodeId(3), "c")], read.Voters.ToArray());
        Assert.Equal<MemberAddress>([.. target.Witnesses], read.Witnesses.ToArray());
        Assert.Equal<MemberAddress>([.. target.Learners], read.Learners.ToArray());
        for (int length = 0; length < buffer.WrittenCount; length++)
            Assert.False(ForwardedChangeCodec.TryReadRequest(buffer.WrittenMemory[..length], out _, out _));
    }

    [Fact]
    public void A_refusal_survives_the_wire_and_a_long_one_is_cut()
    {
        ArrayBufferWriter<byte> buffer = new();
        ForwardedChangeCodec.WriteFailure(
            buffer, ForwardedChangeStatus.Refused, MembershipRefusal.QuorumAtRisk, new string('x', 5000));

        Assert.True(ForwardedChangeCodec.TryReadResponse(
            buffer.WrittenMemory, out ForwardedChangeStatus status, out MembershipRefusal reason, out _,
            out string text));
        Assert.Equal((ForwardedChangeStatus.Refused, MembershipRefusal.QuorumAtRisk), (status, reason));
        Assert.Equal(1024, text.Length);
        Assert.False(ForwardedChangeCodec.TryReadResponse(new byte[] { 1, 9, 0 }, out _, out _, out _, out _));
        Assert.False(ForwardedChangeCodec.TryReadResponse(new byte[] { 1, 0, 0, 7 }, out _, out _, out _, out _));
    }

    private static MembershipTarget With(Membership membership)
    {
        MembershipTarget target = MembershipTarget.From(membership);
        return target with { Voters = target.Voters.Add(new MemberAddress(Newcomer, "node4")) };
    }

    private static Message Forward(PumpedNode node, MembershipTarget target)
    {
        ArrayBufferWriter<byte> buffer = new();
        ForwardedChangeCodec.WriteRequest(buffer, target, node.Core.Membership.Version);
        return new Message
        {
            Kind = MessageKind.ForwardChange,
            From = PumpedNode.Other,
            Term = node.Core.Term,
            Context = 77,
            Payload = buffer.WrittenMemory,
        };
    }

    private static (ForwardedChangeStatus Status, NodeId To) LastAnswer(PumpedNode node)
    {
        Message answer = node.Sent.Last(message => message.Kind is MessageKind.ForwardChangeResponse);
        Assert.True(ForwardedChangeCodec.TryReadResponse(answer.Payload, out var status, out _, out _, out _));
        return (status, answer.To);
    }
}
