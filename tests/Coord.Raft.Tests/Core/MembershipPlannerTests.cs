using Coord.Raft.Core;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Raft.Tests.Core;

/// <summary>
/// From any membership to any target, in changes that never lower redundancy below that of both ends.
/// </summary>
public sealed class MembershipPlannerTests
{
    [Fact]
    public void A_new_voter_comes_in_as_a_learner_that_promotes_itself()
    {
        Membership current = Initial(1, 2, 3);
        MembershipTarget target = MembershipTarget.From(current);
        target = target with { Voters = [.. target.Voters, new MemberAddress(new NodeId(4), "host4")] };
        MembershipChange change = MembershipPlanner.Next(current, target)!;
        Assert.Equal(
            new MemberChange(MemberChangeKind.AddLearner, new NodeId(4), "host4", PromoteWhenCaughtUp: true),
            Assert.Single(change.Changes));
        Membership next = Apply(current, change, 10);
        // Nothing to do while it catches up, and it is listed as a voter already.
        Assert.Null(MembershipPlanner.Next(next, target));
        Assert.False(MembershipPlanner.IsReached(next, target));
        Assert.Equal(target.Voters.AsEnumerable(), MembershipTarget.From(next).Voters.AsEnumerable());
    }

    [Fact]
    public void Nobody_leaves_before_all_who_shall_vote_do()
    {
        Membership current = Initial(1, 2, 3);
        MembershipTarget target = new() { Voters = [Address(1), Address(2), Address(4)] };
        Membership next = Apply(current, MembershipPlanner.Next(current, target)!, 10);
        Assert.Null(MembershipPlanner.Next(next, target));
        next = Promote(next, 4, 11);
        Assert.Equal(
            new MemberChange(MemberChangeKind.Remove, new NodeId(3)),
            Assert.Single(MembershipPlanner.Next(next, target)!.Changes));
        next = Apply(next, MembershipPlanner.Next(next, target)!, 12);
        Assert.True(MembershipPlanner.IsReached(next, target));
    }

    [Fact]
    public void A_learner_waits_if_the_target_lists_it_as_a_learner()
    {
        Membership current = Initial(1);
        MembershipTarget target = new() { Voters = [Address(1)], Learners = [Address(2)] };
        Membership next = Apply(current, MembershipPlanner.Next(current, target)!, 5);
        Assert.True(MembershipPlanner.IsReached(next, target));
        Assert.False(next.Members[1].PromoteWhenCaughtUp);
        // Promoting it is another target.
        target = new MembershipTarget { Voters = [Address(1), Address(2)] };
        next = Apply(next, MembershipPlanner.Next(next, target)!, 6);
        Assert.True(next.Members[1].PromoteWhenCaughtUp);
        Assert.Equal(new LogIndex(5), next.Members[1].AddedAt);
    }

    [Fact]
    public void A_target_that_contradicts_itself_says_why()
    {
        Assert.NotNull(MembershipPlanner.Validate(new MembershipTarget()));
        Assert.NotNull(MembershipPlanner.Validate(new MembershipTarget { Voters = [Address(0)] }));
        Assert.NotNull(MembershipPlanner.Validate(
            new MembershipTarget { Voters = [Address(1)], Learners = [Address(1)] }));
        Assert.Null(MembershipPlanner.Validate(new MembershipTarget { Voters = [Address(1)] }));
    }

    [Property(MaxTest = 500)]
    public void Every_target_is_reached_in_a_few_changes_that_all_fit(DoNotSize<int> seed)
    {
        SplitMix chance = new((ulong)seed.Item);
        Membership current = Initial([.. Enumerable.Range(1, 1 + chance.Next(5)).Select(i => (ulong)i)]);
        for (int round = 0; round < 4; round++)
        {
            MembershipTarget target = RandomTarget(ref chance, current);
            LogIndex index = current.Version;
            for (int step = 0; !MembershipPlanner.IsReached(current, target); step++)
            {
                Assert.True(step < 20, $"{current} does not reach its target.");
                index = index.Next;
                if (current.IsJoint)
                    current = Apply(current, MembershipChange.LeaveJoint, index.Value);
                else if (MembershipPlanner.Next(current, target) is { } change)
                    current = Apply(current, change, index.Value);
                else
                    current = Promote(
                        current, current.Members.First(m => m.PromoteWhenCaughtUp).Id.Value, index.Value);
            }

            Assert.Equal(
                target.Voters.Concat(target.Witnesses).Select(m => m.Id).Order(), current.Voters.AsEnumerable());
        }
    }

    [Property(MaxTest = 200)]
    public void A_change_survives_its_encoding(DoNotSize<int> seed)
    {
        SplitMix chance = new((ulong)seed.Item);
        MembershipChange change = new()
        {
            Transition = (MembershipTransition)chance.Next(3),
            ExpectedVersion = chance.Next(2) == 0 ? null : new LogIndex((long)(chance.Next() >> 1)),
            Changes =
            [
                .. Enumerable.Range(0, chance.Next(5)).Select(i => new MemberChange(
                    (MemberChangeKind)(i % 4), new NodeId((ulong)i << 60), $"häst{i}", i % 2 == 0, i % 3 == 0)),
            ],
        };
        byte[] bytes = MembershipChangeCodec.Encode(change);
        Assert.True(MembershipChangeCodec.TryDecode(bytes, out MembershipChange read));
        Assert.Equal(change, read);
        for (int i = 0; i < bytes.Length; i++)
        {
            Assert.False(MembershipChangeCodec.TryDecode(bytes.AsMemory(0, i), out _), "A cut change is refused.");
            byte[] garbled = [.. bytes];
            garbled[i] ^= (byte)(1 + chance.Next(255));
            MembershipChangeCodec.TryDecode(garbled, out _); // Whatever it says, it does not throw.
        }
    }

    private static MembershipTarget RandomTarget(ref SplitMix chance, Membership current)
    {
        List<MemberAddress> voters = [];
        List<MemberAddress> learners = [];
        List<MemberAddress> witnesses = [];
        for (ulong id = 1; id <= 7; id++)
        {
            // What a member is beside its vote never changes.
            bool known = current.TryGetMember(new NodeId(id), out Member member);
            switch (chance.Next(5))
            {
                case 0 or 1 when !known || !member.IsWitness:
                    voters.Add(new MemberAddress(new NodeId(id), $"host{id}"));
                    break;
                case 2 when !known || !member.IsWitness:
                    learners.Add(Address(id));
                    break;
                case 3 when !known || member.IsWitness:
                    witnesses.Add(Address(id));
                    break;
            }
        }

        if (voters.Count == 0)
            voters.Add(Address(8));
        return new MembershipTarget { Voters = [.. voters], Learners = [.. learners], Witnesses = [.. witnesses] };
    }

    private static Membership Promote(Membership current, ulong id, long index) => Apply(
        current,
        new MembershipChange { Changes = [new MemberChange(MemberChangeKind.AddVoter, new NodeId(id))] },
        index);

    private static Membership Apply(Membership current, MembershipChange change, long index)
    {
        MembershipError error = MembershipChanger.TryApply(current, change, new LogIndex(index), out Membership next);
        Assert.Equal(MembershipError.None, error);
        Assert.Equal(
            next.Voters.Concat(next.VotersOutgoing).Concat(next.Learners).Distinct().Order(),
            next.Members.Select(member => member.Id));
        return next.IsJoint && next.AutoLeave
            ? Apply(next, MembershipChange.LeaveJoint, index + 1)
            : next;
    }

    private static MemberAddress Address(ulong id) => new(new NodeId(id), "");

    private static Membership Initial(params ulong[] ids) =>
        Membership.CreateInitial(ids.Select(id => new Member(new NodeId(id), default, "")));
}
