namespace Coord.Raft.Tests.Driver;

/// <summary>What a session promises its client when commands fail (thesis §6.3).</summary>
public sealed class ClientSessionTests
{
    [Fact]
    public async Task A_command_that_is_too_large_is_refused_and_harms_nobody()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        RaftNode node = await cluster.LeaderAsync();
        ClientSession session = await node.OpenSessionAsync();

        await Assert.ThrowsAsync<ArgumentException>(async () => await session.ProposeAsync(new byte[5 << 20]));

        Assert.Equal(1, (await session.ProposeAsync("a"u8.ToArray())).Value);
        Assert.False(node.Completion.IsCompleted);
    }

    [Fact]
    public async Task A_cluster_made_anew_takes_no_session_of_the_one_before_for_its_own()
    {
        ulong before;
        await using (TestCluster old = await TestCluster.StartAsync(1))
            before = (await (await old.LeaderAsync()).OpenSessionAsync()).Id;

        await using TestCluster cluster = await TestCluster.StartAsync(1);
        RaftNode node = await cluster.LeaderAsync();
        ClientSession session = await node.OpenSessionAsync();
        Assert.Equal(1, (await session.ProposeAsync("a"u8.ToArray())).Value);

        await Assert.ThrowsAsync<SessionExpiredException>(
            async () => await node.ProposeOnceAsync("b"u8.ToArray(), new(before, 1, 1)));
    }

    [Fact]
    public async Task A_command_that_is_unanswered_when_the_node_stops_may_have_happened()
    {
        TestCluster cluster = await TestCluster.StartAsync(3, options =>
            options.RequestTimeout = TimeSpan.FromMilliseconds(300));
        RaftNode leader = await cluster.LeaderAsync();
        ClientSession session = await leader.OpenSessionAsync();
        foreach (NodeId id in cluster.Nodes.Keys.Where(id => id != leader.Id))
            cluster.Network.Cut(id);

        // The first attempt enters the log; later ones find no leader, and the last one finds the node stopped.
        Task<ProposalResult> stuck = session.ProposeAsync("stuck"u8.ToArray()).AsTask();
        await cluster.EventuallyAsync(
            () => leader.Status.Role is RaftRole.Leader ? null : leader, "a leader that gave up");
        await cluster.DisposeAsync();

        Assert.Equal(Outcome.Unknown, (await Assert.ThrowsAnyAsync<CoordException>(() => stuck)).Outcome);
    }
}
