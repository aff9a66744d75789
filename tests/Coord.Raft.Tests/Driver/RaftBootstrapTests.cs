using System.Text;

namespace Coord.Raft.Tests.Driver;

/// <summary>A cluster can begin with a state; until its directory is whole, no node takes it for its own.</summary>
public sealed class RaftBootstrapTests
{
    [Fact]
    public async Task A_cluster_begins_with_the_state_that_its_members_were_given()
    {
        await using TestCluster cluster = new(3);
        for (ulong id = 1; id <= 3; id++)
            RaftBootstrap.Create(cluster.OptionsOf(new NodeId(id)), Write);
        for (ulong id = 1; id <= 3; id++)
            await cluster.StartNodeAsync(new NodeId(id));

        RaftNode leader = await cluster.LeaderAsync();
        await leader.ProposeAsync(Encoding.UTF8.GetBytes("c"));
        await cluster.ConvergedAsync(3);

        Assert.All(cluster.Machines.Values, machine => Assert.Equal(["a", "b", "c"], machine.Commands));
        Assert.Equal(3, leader.Status.Membership.Voters.Length);
    }

    [Fact]
    public async Task What_began_with_a_state_restarts_and_takes_newcomers()
    {
        await using TestCluster cluster = new(1);
        NodeId first = new(1);
        RaftBootstrap.Create(cluster.OptionsOf(first), Write);
        await cluster.StartNodeAsync(first);
        await (await cluster.LeaderAsync()).ProposeAsync(Encoding.UTF8.GetBytes("c"));
        await cluster.StopNodeAsync(first);
        await cluster.StartNodeAsync(first);

        RaftNode leader = await cluster.LeaderAsync();
        await cluster.StartNodeAsync(new NodeId(2), joinExisting: true);
        MembershipTarget target = new() { Voters = [new(first, "node1"), new(new NodeId(2), "node2")] };
        await leader.ChangeMembershipAsync(target, leader.Status.Membership.Version);
        await cluster.ConvergedAsync(3, new NodeId(2));

        Assert.Equal(["a", "b", "c"], cluster.Machines[new NodeId(2)].Commands);
    }

    [Fact]
    public async Task A_directory_with_something_in_it_is_refused_and_left_alone()
    {
        await using TestCluster cluster = new(1);
        RaftOptions options = cluster.OptionsOf(new NodeId(1));
        Directory.CreateDirectory(options.DataDirectory);
        string file = Path.Combine(options.DataDirectory, "mine");
        File.WriteAllText(file, "precious");

        Assert.Throws<DataDirectoryException>(() => RaftBootstrap.Create(options, Write));

        Assert.Equal("precious", File.ReadAllText(file));
    }

    [Fact]
    public async Task What_failed_half_way_leaves_no_directory_and_can_be_tried_again()
    {
        await using TestCluster cluster = new(1);
        RaftOptions options = cluster.OptionsOf(new NodeId(1));

        Assert.Throws<InvalidDataException>(() => RaftBootstrap.Create(options, stream =>
        {
            stream.WriteByte(1);
            throw new InvalidDataException("The backup is damaged.");
        }));
        Assert.False(Directory.Exists(options.DataDirectory));

        RaftBootstrap.Create(options, Write);
        await cluster.StartNodeAsync(options.NodeId);
        Assert.Equal(["a", "b"], cluster.Machines[options.NodeId].Commands);
    }

    [Fact]
    public async Task Only_an_initial_member_begins_a_cluster()
    {
        await using TestCluster cluster = new(1);
        RaftOptions options = cluster.OptionsOf(new NodeId(1));
        options.NodeId = new NodeId(9);

        Assert.Throws<ArgumentException>(() => RaftBootstrap.Create(options, Write));
    }

    private static void Write(Stream state)
    {
        using BinaryWriter writer = new(state, Encoding.UTF8, leaveOpen: true);
        writer.Write(2);
        foreach (string command in (string[])["a", "b"])
        {
            writer.Write(command.Length);
            writer.Write(Encoding.UTF8.GetBytes(command));
        }
    }
}
