using Coord.Raft.Driver;
using Coord.Raft.Storage;
using Coord.Raft.Tests.Driver;
using Coord.Raft.Tests.Storage;

namespace Coord.Raft.Tests.Repair;

/// <summary>A node that is stopped while others are to repair its log.</summary>
public sealed class RepairStopTests
{
    [Fact]
    public async Task A_node_that_is_stopped_during_its_repair_has_stopped_when_its_files_are_free()
    {
        MemoryFileSystem disk = await WriteAndDamageAsync();
        HeldTime time = new();
        RaftNode node = CreateNode(disk, time);
        Task start = node.StartAsync();
        Assert.True(node.Status.IsRepairing);

        time.Hold();
        Task stop = node.StopAsync();
        await time.ReachedAsync();
        for (int i = 0; i < 1000; i++)
            await Task.Yield();
        Assert.False(stop.IsCompleted);
        time.LetGo();
        await stop;

        DataDirectory.Open(disk, "/node1", new ClusterId(7), new NodeId(1), Guid.NewGuid).Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
        Assert.True(node.Completion.IsCompletedSuccessfully);
        await node.DisposeAsync();
    }

    [Fact]
    public async Task A_start_that_is_given_up_during_the_repair_says_so_and_leaves_nothing_to_stop()
    {
        MemoryFileSystem disk = await WriteAndDamageAsync();
        using CancellationTokenSource cancellation = new();
        await using RaftNode node = CreateNode(disk, new HeldTime());
        Task start = node.StartAsync(cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => node.Completion);
        DataDirectory.Open(disk, "/node1", new ClusterId(7), new NodeId(1), Guid.NewGuid).Dispose();
    }

    [Fact]
    public async Task A_disk_that_fails_while_a_repair_begins_is_reported_as_such()
    {
        MemoryFileSystem damaged = await WriteAndDamageAsync();
        bool hasFailed = true;
        int reported = 0;
        for (int call = 0; hasFailed; call++)
        {
            MemoryFileSystem disk = damaged.Clone();
            RaftNode node = CreateNode(disk, new HeldTime());
            disk.FailAt(call);
            Task start = node.StartAsync();
            hasFailed = disk.HasFailed;
            if (start.IsFaulted)
            {
                await Assert.ThrowsAnyAsync<CoordException>(() => start);
                reported++;
            }

            disk.Disarm();
            await node.DisposeAsync();
            DataDirectory.Open(disk, "/node1", new ClusterId(7), new NodeId(1), Guid.NewGuid).Dispose();
        }

        Assert.True(reported > 10, $"{reported}");
    }

    private static async Task<MemoryFileSystem> WriteAndDamageAsync()
    {
        await using PumpedCluster cluster = new();
        cluster.Start(1, 2, 3);
        for (int i = 0; i < 5; i++)
            await cluster.ProposeAsync($"{i}");
        await cluster.ConvergedAsync(["0", "1", "2", "3", "4"], 1, 2, 3);
        await cluster.StopAsync(1);
        MemoryFileSystem disk = cluster.Disks[1];
        string segment = disk.Paths.First(path => path.EndsWith(WalSegment.Suffix, StringComparison.Ordinal));
        for (int offset = 100; offset < 400; offset++)
            disk.Flip(segment, WalSegmentHeader.PageBytes + offset, 0x10);
        return disk;
    }

    private static RaftNode CreateNode(MemoryFileSystem disk, TimeProvider time)
    {
        RaftOptions options = new()
        {
            NodeId = new NodeId(1),
            ClusterId = new ClusterId(7),
            DataDirectory = "/node1",
            HeartbeatInterval = TimeSpan.FromMilliseconds(20),
            ElectionTimeout = TimeSpan.FromMilliseconds(200),
        };
        for (ulong id = 1; id <= 3; id++)
            options.InitialMembers.Add(new Member(new NodeId(id), default, $"node{id}"));
        LoopbackNetwork.LoopbackTransport transport = new LoopbackNetwork().CreateTransport(new NodeId(1));
        NodeEnvironment environment = new() { Files = disk };
        return new RaftNode(options, new ListStateMachine(), transport, time, null, environment);
    }

    /// <summary>Time that stands still, and can keep whoever gives a timer up.</summary>
    private sealed class HeldTime : TimeProvider
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _free = new(initialState: true);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new HeldTimer(this);

        public void Hold() => _free.Reset();

        public Task ReachedAsync() => _reached.Task.WaitAsync(TimeSpan.FromSeconds(60));

        public void LetGo() => _free.Set();

        private sealed class HeldTimer(HeldTime time) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                if (!time._free.IsSet)
                    time._reached.TrySetResult();
                time._free.Wait();
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return default;
            }
        }
    }
}
