namespace Coord.Raft.Tests.Driver;

/// <summary>A node without others, on a real disk: its log is on disk alone, and nothing is lost by that.</summary>
public sealed class LoneNodeTests
{
    private static readonly NodeId Self = new(1);

    [Fact]
    public async Task A_member_that_joins_gets_what_the_first_one_no_longer_has_in_memory()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        RaftNode first = await FillAsync(cluster, 50);
        await cluster.EventuallyAsync(
            () => first.Status.FirstIndex > first.Status.Applied ? first : null, "an empty log");

        NodeId newcomer = new(2);
        await cluster.StartNodeAsync(newcomer, joinExisting: true);
        Membership current = first.Status.Membership;
        MembershipTarget target = MembershipTarget.From(current);
        target = target with { Voters = target.Voters.Add(new MemberAddress(newcomer, "node2")) };
        Membership changed = await first.ChangeMembershipAsync(target, current.Version);

        Assert.Contains(newcomer, changed.Voters);
        await first.ProposeAsync("together"u8.ToArray());
        await cluster.ConvergedAsync(51, newcomer);
        Assert.Equal(cluster.Machines[Self].Commands, cluster.Machines[newcomer].Commands);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(60)]
    public async Task A_node_starts_with_all_that_it_had(int commands)
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1, options => options.SnapshotEntries = 20);
        await FillAsync(cluster, commands);
        List<string> before = cluster.Machines[Self].Commands;
        await cluster.StopNodeAsync(Self);
        RaftNode node = await cluster.StartNodeAsync(Self);
        await node.WaitForLeaderAsync();
        await node.ReadBarrierAsync();
        Assert.Equal(before, cluster.Machines[Self].Commands);
    }

    /// <summary>No other member could help, so its disk reaches back to the snapshot before.</summary>
    [Fact]
    public async Task A_node_starts_from_the_snapshot_before_if_the_newest_is_damaged()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1, options => options.SnapshotEntries = 20);
        string directory = Path.Combine(cluster.DirectoryOf(Self), "snapshots");
        string[] snapshots = [];
        await FillAsync(cluster, 200, async () =>
        {
            // Now and then it waits until a snapshot was taken: so there are several.
            string[] known = snapshots;
            snapshots = await cluster.EventuallyAsync(
                () => Directory.GetFiles(directory, "*.snapshot").Order().ToArray() is { Length: 2 } now
                    && !now.SequenceEqual(known) ? now : null,
                "a snapshot");
        });
        await cluster.StopNodeAsync(Self);

        string newest = Directory.GetFiles(directory, "*.snapshot").Order().Last();
        byte[] bytes = await File.ReadAllBytesAsync(newest);
        bytes[^60] ^= 1;
        await File.WriteAllBytesAsync(newest, bytes);
        RaftNode node = await cluster.StartNodeAsync(Self);
        await node.WaitForLeaderAsync();
        await node.ReadBarrierAsync();
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}"), cluster.Machines[Self].Commands);
    }

    private static async Task<RaftNode> FillAsync(TestCluster cluster, int commands, Func<Task>? each = null)
    {
        RaftNode node = await cluster.LeaderAsync();
        for (int i = 0; i < commands; i++)
        {
            await node.ProposeAsync(System.Text.Encoding.UTF8.GetBytes($"{i}"));
            if (each is not null && i % 50 == 49)
                await each();
        }

        return node;
    }
}
