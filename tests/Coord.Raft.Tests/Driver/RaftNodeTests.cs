using System.Text;
using Coord.Raft.Driver;

namespace Coord.Raft.Tests.Driver;

/// <summary>What the users of a node are promised, on nodes with real files and threads in one process.</summary>
public sealed class RaftNodeTests
{
    [Fact]
    public async Task A_single_node_commits_and_answers_with_the_result_of_its_state_machine()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        RaftNode node = await cluster.LeaderAsync();

        ProposalResult first = await node.ProposeAsync(Bytes("a"));
        ProposalResult second = await node.ProposeAsync(Bytes("b"));

        Assert.Equal(1, first.Value);
        Assert.Equal(2, second.Value);
        Assert.Equal("b", Encoding.UTF8.GetString(second.Payload.Span));
        Assert.Equal(first.Id.Index.Next, second.Id.Index);
        Assert.Equal(["a", "b"], cluster.Machines[node.Id].Commands);
    }

    [Fact]
    public async Task Every_member_applies_the_same_commands_in_the_same_order()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode leader = await cluster.LeaderAsync();

        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => leader.ProposeAsync(Bytes($"{i}")).AsTask()));
        await cluster.ConvergedAsync(500);

        List<string> expected = cluster.Machines[leader.Id].Commands;
        Assert.Equal(500, expected.Distinct().Count());
        Assert.All(cluster.Machines.Values, machine => Assert.Equal(expected, machine.Commands));
    }

    [Fact]
    public async Task A_follower_forwards_a_proposal_and_hands_back_its_result()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode follower = await cluster.FollowerAsync();

        ProposalResult result = await follower.ProposeAsync(Bytes("forwarded"));

        Assert.Equal(1, result.Value);
        Assert.Equal("forwarded", Encoding.UTF8.GetString(result.Payload.Span));
    }

    [Fact]
    public async Task A_read_barrier_on_any_member_shows_every_write_that_was_answered_before()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode leader = await cluster.LeaderAsync();
        for (int i = 1; i <= 30; i++)
        {
            await leader.ProposeAsync(Bytes($"{i}"));
            foreach (RaftNode node in cluster.Nodes.Values)
            {
                await node.ReadBarrierAsync();
                Assert.Equal(i, cluster.Machines[node.Id].Commands.Count);
            }
        }
    }

    [Fact]
    public async Task Writes_survive_a_restart_of_every_member()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode leader = await cluster.LeaderAsync();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => leader.ProposeAsync(Bytes($"{i}")).AsTask()));
        List<string> expected = cluster.Machines[leader.Id].Commands;

        foreach (NodeId id in cluster.Nodes.Keys.ToArray())
            await cluster.StopNodeAsync(id);
        for (ulong id = 1; id <= 3; id++)
            await cluster.StartNodeAsync(new NodeId(id));

        Assert.All(cluster.Nodes.Values, node => Assert.Equal(Bootstrap.FirstEntry.Index, node.Status.SnapshotIndex));
        await cluster.LeaderAsync();
        await cluster.ConvergedAsync(100);
        Assert.All(cluster.Machines.Values, machine => Assert.Equal(expected, machine.Commands));
    }

    [Fact]
    public async Task The_others_go_on_when_the_leader_is_cut_off_and_it_catches_up_afterwards()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode old = await cluster.LeaderAsync();
        await old.ProposeAsync(Bytes("before"));

        cluster.Network.Cut(old.Id);
        RaftNode successor = await cluster.LeaderAsync(except: old.Id);
        await successor.ProposeAsync(Bytes("meanwhile"));
        cluster.Network.Heal(old.Id);

        await cluster.ConvergedAsync(2);
        Assert.All(cluster.Machines.Values, m => Assert.Equal(["before", "meanwhile"], m.Commands));
    }

    [Fact]
    public async Task A_proposal_of_a_leader_that_was_overruled_surely_did_not_happen()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode old = await cluster.LeaderAsync();
        cluster.Network.Cut(old.Id);
        Task<ProposalResult> lost = old.ProposeAsync(Bytes("lost")).AsTask();

        RaftNode successor = await cluster.LeaderAsync(except: old.Id);
        await successor.ProposeAsync(Bytes("kept"));
        cluster.Network.Heal(old.Id);

        CoordException failure = await Assert.ThrowsAnyAsync<CoordException>(() => lost);
        await cluster.ConvergedAsync(1);
        Assert.Equal(Outcome.DidNotHappen, failure.Outcome);
        Assert.All(cluster.Machines.Values, machine => Assert.Equal(["kept"], machine.Commands));
    }

    [Fact]
    public async Task Without_a_quorum_a_write_ends_as_unknown_and_a_read_is_refused()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(
            3, options => options.RequestTimeout = TimeSpan.FromSeconds(1));
        RaftNode leader = await cluster.LeaderAsync();
        await leader.ProposeAsync(Bytes("before"));
        foreach (NodeId id in cluster.Nodes.Keys.Where(id => id != leader.Id))
            cluster.Network.Cut(id);

        Task<ProposalResult> write = leader.ProposeAsync(Bytes("unknown")).AsTask();
        Task<LogIndex> read = leader.ReadBarrierAsync().AsTask();

        Assert.Equal(Outcome.Unknown, (await Assert.ThrowsAnyAsync<CoordException>(() => write)).Outcome);
        await Assert.ThrowsAnyAsync<CoordException>(() => read);
    }

    [Fact]
    public async Task A_member_that_was_away_for_long_is_caught_up_by_a_snapshot()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3, options =>
        {
            options.SnapshotEntries = 50;
            options.TrailingEntries = 10;
        });
        RaftNode leader = await cluster.LeaderAsync();
        NodeId away = cluster.Nodes.Keys.First(id => id != leader.Id);
        await cluster.StopNodeAsync(away);
        for (int i = 0; i < 500; i++)
            await leader.ProposeAsync(Bytes($"{i}"));

        Assert.True(leader.Status.FirstIndex.Value > 300, $"The log still starts at {leader.Status.FirstIndex}.");
        await cluster.StartNodeAsync(away);

        await cluster.ConvergedAsync(500, away);
        Assert.Equal(cluster.Machines[leader.Id].Commands, cluster.Machines[away].Commands);
        await leader.ProposeAsync(Bytes("after"));
        await cluster.ConvergedAsync(501);
    }

    [Fact]
    public async Task A_session_applies_a_command_once_though_its_answers_get_lost()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(
            3, options => options.RequestTimeout = TimeSpan.FromSeconds(1));
        RaftNode follower = await cluster.FollowerAsync();
        ClientSession session = await follower.OpenSessionAsync();
        int answers = 0;
        foreach (LoopbackNetwork.LoopbackTransport transport in cluster.Transports.Values)
        {
            transport.Drop = message =>
                message.Kind is MessageKind.ForwardResponse && Interlocked.Increment(ref answers) <= 2;
        }

        ProposalResult result = await session.ProposeAsync(Bytes("once"));

        Assert.Equal(1, result.Value);
        Assert.True(answers > 2, "The answers were not lost.");
        await cluster.ConvergedAsync(1);
        Assert.All(cluster.Machines.Values, machine => Assert.Equal(["once"], machine.Commands));
    }

    [Fact]
    public async Task A_leader_that_stops_hands_its_leadership_over()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode old = await cluster.LeaderAsync();
        await old.ProposeAsync(Bytes("a"));
        Term term = old.Status.Term;

        await cluster.StopNodeAsync(old.Id);

        // An election after a time-out could need several terms; a hand-over is over when the old leader has stopped.
        RaftNode successor = Assert.Single(cluster.Nodes.Values, node => node.Status.Role is RaftRole.Leader);
        Assert.Equal(term.Next, successor.Status.Term);
    }

    [Fact]
    public async Task A_new_member_learns_the_log_and_becomes_a_voter_by_itself()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3, options => options.SnapshotEntries = 20);
        RaftNode leader = await cluster.LeaderAsync();
        for (int i = 0; i < 100; i++)
            await leader.ProposeAsync(Bytes($"{i}"));

        NodeId newcomer = new(4);
        await cluster.StartNodeAsync(newcomer, joinExisting: true);
        Membership current = leader.Status.Membership;
        MembershipTarget target = MembershipTarget.From(current);
        target = target with { Voters = target.Voters.Add(new MemberAddress(newcomer, "node4")) };
        Membership changed = await leader.ChangeMembershipAsync(target, current.Version);

        Assert.Contains(newcomer, changed.Voters);
        Assert.False(changed.IsJoint);
        await cluster.ConvergedAsync(100, newcomer);
    }

    [Fact]
    public async Task A_witness_makes_the_majority_and_keeps_no_state()
    {
        NodeId witness = new(3);
        await using TestCluster cluster = await TestCluster.StartAsync(3, options =>
            options.InitialMembers[2] = options.InitialMembers[2] with { IsWitness = true });
        RaftNode leader = await cluster.LeaderAsync();
        Assert.NotEqual(witness, leader.Id);
        await cluster.StopNodeAsync(cluster.Nodes.Keys.Single(id => id != leader.Id && id != witness));

        ProposalResult result = await leader.ProposeAsync(Bytes("with the witness"));
        await cluster.Nodes[witness].ReadBarrierAsync();

        Assert.True(cluster.Nodes[witness].Status.Applied >= result.Id.Index);
        Assert.Empty(cluster.Machines[witness].Commands);
        Assert.Equal(["with the witness"], cluster.Machines[leader.Id].Commands);
    }

    [Fact]
    public async Task A_removed_leader_gives_way()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode old = await cluster.LeaderAsync();
        Membership current = old.Status.Membership;

        MembershipTarget target = MembershipTarget.From(current);
        target = target with { Voters = target.Voters.RemoveAll(member => member.Id == old.Id) };
        await old.ChangeMembershipAsync(target, current.Version);

        RaftNode successor = await cluster.LeaderAsync(except: old.Id);
        Assert.DoesNotContain(old.Id, successor.Status.Membership.Voters);
        await successor.ProposeAsync(Bytes("without it"));
    }

    [Fact]
    public async Task What_waits_when_the_node_stops_is_answered()
    {
        TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode leader = await cluster.LeaderAsync();
        foreach (NodeId id in cluster.Nodes.Keys.Where(id => id != leader.Id))
            cluster.Network.Cut(id);
        Task<ProposalResult> write = leader.ProposeAsync(Bytes("stuck")).AsTask();
        Task<LogIndex> read = leader.ReadBarrierAsync().AsTask();

        await cluster.DisposeAsync();

        Assert.Equal(Outcome.Unknown, (await Assert.ThrowsAnyAsync<CoordException>(() => write)).Outcome);
        await Assert.ThrowsAnyAsync<CoordException>(() => read);
        await Assert.ThrowsAsync<NodeStoppedException>(async () => await leader.ProposeAsync(Bytes("late")));
    }

    /// <summary>Everything before the broken command was applied, and everything from it on may be elsewhere.</summary>
    [Fact]
    public async Task What_waits_when_the_state_machine_breaks_is_answered()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        RaftNode node = await cluster.LeaderAsync();
        await node.ProposeAsync(Bytes("good"));
        cluster.Machines[node.Id].Breaks = true;
        Task<ProposalResult>[] writes =
            [.. Enumerable.Range(0, 20).Select(async i => await node.ProposeAsync(Bytes($"{i}")))];

        foreach (Task<ProposalResult> write in writes)
        {
            CoordException failure =
                await Assert.ThrowsAnyAsync<CoordException>(() => write.WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.IsType<NodeStoppedException>(failure);
        }

        await Assert.ThrowsAsync<InvalidDataException>(() => node.Completion);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(1, 32)]
    [InlineData(3, 3)]
    [InlineData(3, 32)]
    public async Task Every_one_of_many_proposals_is_answered_whoever_runs_the_loops(int size, int callers)
    {
        await using TestCluster cluster = await TestCluster.StartAsync(size);
        RaftNode leader = await cluster.LeaderAsync();

        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                await leader.ProposeAsync(Bytes($"{caller}/{i}"));
                await leader.ReadBarrierAsync();
            }
        }))).WaitAsync(TimeSpan.FromSeconds(60));

        await cluster.ConvergedAsync(callers * 200);
        List<string> expected = cluster.Machines[leader.Id].Commands;
        Assert.Equal(callers * 200, expected.Distinct().Count());
        Assert.All(cluster.Machines.Values, machine => Assert.Equal(expected, machine.Commands));
    }

    [Fact]
    public async Task A_node_stops_under_load_and_every_caller_is_told_the_truth()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        RaftNode node = await cluster.LeaderAsync();
        int answered = 0;
        Task[] callers = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    await node.ProposeAsync(Bytes("x"));
                    Interlocked.Increment(ref answered);
                }
            }
            catch (CoordException)
            {
                // It stopped, or gave its leadership up for that.
            }
        }))];
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref answered) > 200, TimeSpan.FromSeconds(30)));

        await node.DisposeAsync();

        await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(30));
        int applied = cluster.Machines[node.Id].Commands.Count;
        Assert.True(applied >= answered);
        await Task.Yield();
        Assert.Equal(applied, cluster.Machines[node.Id].Commands.Count);
    }

    [Fact]
    public async Task Cancelling_stops_the_waiting_and_nothing_else()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        RaftNode leader = await cluster.LeaderAsync();
        using CancellationTokenSource cancelled = new();
        foreach (NodeId id in cluster.Nodes.Keys.Where(id => id != leader.Id))
            cluster.Network.Cut(id);
        Task<ProposalResult> write = leader.ProposeAsync(Bytes("goes on"), cancelled.Token).AsTask();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
