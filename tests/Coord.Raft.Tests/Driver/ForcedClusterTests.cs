using System.Text;

namespace Coord.Raft.Tests.Driver;

/// <summary>A cluster that has lost its majority for good goes on with the one member that is left.</summary>
public sealed class ForcedClusterTests
{
    private static readonly NodeId Survivor = new(2);

    [Theory]
    [InlineData(100_000)]
    [InlineData(10)]
    public async Task The_member_that_is_left_keeps_all_it_has_and_takes_new_members(long snapshotEntries)
    {
        bool force = false;
        await using TestCluster cluster = new(3, options =>
        {
            options.SnapshotEntries = snapshotEntries;
            options.ForceNewCluster = force;
        });
        for (ulong id = 1; id <= 3; id++)
            await cluster.StartNodeAsync(new NodeId(id));
        RaftNode leader = await cluster.LeaderAsync();
        for (int i = 0; i < 30; i++)
            await leader.ProposeAsync(Encoding.UTF8.GetBytes($"{i}"));
        await cluster.ConvergedAsync(30, Survivor);
        foreach (NodeId id in cluster.Nodes.Keys.ToList())
            await cluster.StopNodeAsync(id);

        force = true;
        RaftNode alone = await cluster.StartNodeAsync(Survivor);
        await alone.ProposeAsync(Encoding.UTF8.GetBytes("alone"));
        Assert.Equal([Survivor], alone.Status.Membership.Voters.AsEnumerable());
        Assert.Equal([Survivor], alone.Status.Membership.Members.Select(member => member.Id));
        Assert.Equal(31, cluster.Machines[Survivor].Commands.Count);

        force = false;
        await cluster.StopNodeAsync(Survivor);
        alone = await cluster.StartNodeAsync(Survivor);
        await alone.ReadBarrierAsync();
        NodeId newcomer = new(4);
        await cluster.StartNodeAsync(newcomer, joinExisting: true);
        Membership current = alone.Status.Membership;
        MembershipTarget target = MembershipTarget.From(current);
        await alone.ChangeMembershipAsync(
            target with { Voters = target.Voters.Add(new MemberAddress(newcomer, "node4")) }, current.Version);
        await cluster.ConvergedAsync(31, Survivor, newcomer);
    }

    [Fact]
    public async Task A_member_that_is_alone_already_stays_as_it_is()
    {
        await using TestCluster cluster = new(1, options => options.ForceNewCluster = true);
        RaftNode node = await cluster.StartNodeAsync(new NodeId(1));
        await node.ProposeAsync(Encoding.UTF8.GetBytes("one"));
        Term term = node.Status.Term;
        await cluster.StopNodeAsync(node.Id);

        node = await cluster.StartNodeAsync(node.Id);
        await node.ReadBarrierAsync();
        Assert.Equal(term.Next, node.Status.Term);
        Assert.Equal(["one"], cluster.Machines[node.Id].Commands);
    }

    [Fact]
    public async Task The_identity_of_a_directory_can_be_read()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        string path = cluster.DirectoryOf(new NodeId(1));
        Assert.True(RaftDirectory.TryReadIdentity(path, out ClusterId id, out NodeId node));
        Assert.Equal((new ClusterId(7), new NodeId(1)), (id, node));
        Assert.False(RaftDirectory.TryReadIdentity(cluster.DirectoryOf(new NodeId(9)), out _, out _));
    }
}
