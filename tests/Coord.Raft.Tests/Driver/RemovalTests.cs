using Coord.Raft.Driver;
using Coord.Raft.Tests.Storage;

namespace Coord.Raft.Tests.Driver;

/// <summary>A member ends for good only if a majority of the other voters says that it was removed.</summary>
public sealed class RemovalTests
{
    private static readonly RaftOptions Self = new() { NodeId = new NodeId(1), DataDirectory = "/data" };

    private readonly MemoryFileSystem _files = new();
    private readonly Removal _removal;

    public RemovalTests()
    {
        _files.CreateDirectory("/data");
        _removal = new Removal(_files, Self);
    }

    [Theory]
    [InlineData(new ulong[] { 1, 2 }, new ulong[] { 2 }, 1)]
    [InlineData(new ulong[] { 1, 2, 3 }, new ulong[] { 2, 3 }, 2)]
    [InlineData(new ulong[] { 1, 2, 3, 4 }, new ulong[] { 3, 4, 2 }, 2)]
    [InlineData(new ulong[] { 1, 2, 3, 4, 5 }, new ulong[] { 5, 4, 3, 2 }, 3)]
    [InlineData(new ulong[] { 2, 3, 4 }, new ulong[] { 2, 3 }, 2)]
    public void More_than_half_of_the_other_voters_make_it_certain(ulong[] voters, ulong[] refusers, int needed)
    {
        for (int i = 1; i <= refusers.Length; i++)
        {
            // One that says it again and again is still one.
            Assert.Equal(i >= needed, _removal.OnRefused(new NodeId(refusers[i - 1]), Of(voters)));
            Assert.Equal(i >= needed, _removal.OnRefused(new NodeId(refusers[i - 1]), Of(voters)));
        }
    }

    [Fact]
    public void Strangers_learners_and_members_of_before_have_no_say()
    {
        Membership membership = Of(1, 2, 3, 4) with { Voters = [new(1), new(2), new(3)], Learners = [new(4)] };
        foreach (ulong id in (ulong[])[4, 5, 6, 7, 1])
            Assert.False(_removal.OnRefused(new NodeId(id), membership));
        Assert.False(_removal.OnRefused(new NodeId(2), membership));

        // Two refused it that its cluster has replaced since: they know nothing of how it goes on.
        Assert.False(_removal.OnRefused(new NodeId(3), Of(1, 6, 7)));
    }

    [Fact]
    public void Who_lets_it_in_again_no_longer_counts()
    {
        Assert.False(_removal.OnRefused(new NodeId(2), Of(1, 2, 3)));
        _removal.OnAccepted(new NodeId(2));
        Assert.False(_removal.OnRefused(new NodeId(3), Of(1, 2, 3)));
        Assert.True(_removal.OnRefused(new NodeId(2), Of(1, 2, 3)));
    }

    /// <summary>Whoever is alone, or knows nobody yet, has nobody who could tell it.</summary>
    [Fact]
    public void Without_other_voters_nothing_is_certain()
    {
        Assert.False(_removal.OnRefused(new NodeId(2), Of(1)));
        Assert.False(_removal.OnRefused(new NodeId(2), Membership.Empty));
    }

    [Fact]
    public void What_is_certain_is_remembered_and_forgotten_by_who_begins_a_cluster_of_its_own()
    {
        Removal.ThrowIfKnown(_files, Self);
        _removal.Remember();
        _removal.Remember();
        _files.CutPower(new UniformCrash(keeps: false));
        MemberRemovedException exception =
            Assert.Throws<MemberRemovedException>(() => Removal.ThrowIfKnown(_files, Self));
        Assert.Equal(Self.NodeId, exception.Member);
        Assert.Equal(Outcome.DidNotHappen, exception.Outcome);

        RaftOptions forced = new()
        {
            NodeId = Self.NodeId,
            DataDirectory = Self.DataDirectory,
            ForceNewCluster = true,
        };
        Removal.ThrowIfKnown(_files, forced);
        Removal.Forget(_files, forced);
        Removal.Forget(_files, forced);
        _files.CutPower(new UniformCrash(keeps: false));
        Removal.ThrowIfKnown(_files, Self);
    }

    private static Membership Of(params ulong[] ids) =>
        Membership.CreateInitial(ids.Select(id => new Member(new NodeId(id), default, $"node{id}")));
}
