namespace Coord.Raft.Tests.Driver;

/// <summary>A cluster of real nodes with real files in one process, and what a test does to it.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _root = Directory.CreateTempSubdirectory("coord-raft-").FullName;
    private readonly Action<RaftOptions>? _configure;
    private readonly int _size;

    public TestCluster(int size, Action<RaftOptions>? configure = null) => (_size, _configure) = (size, configure);

    public TraceLog Trace { get; } = new();

    public LoopbackNetwork Network { get; } = new();

    public Dictionary<NodeId, RaftNode> Nodes { get; } = [];

    public Dictionary<NodeId, ListStateMachine> Machines { get; } = [];

    public Dictionary<NodeId, LoopbackNetwork.LoopbackTransport> Transports { get; } = [];

    public static async Task<TestCluster> StartAsync(int size, Action<RaftOptions>? configure = null)
    {
        TestCluster cluster = new(size, configure);
        for (ulong id = 1; id <= (ulong)size; id++)
            await cluster.StartNodeAsync(new NodeId(id));

        return cluster;
    }

    public string DirectoryOf(NodeId id) => Path.Combine(_root, $"{id}");

    public RaftOptions OptionsOf(NodeId id, bool joinExisting = false)
    {
        RaftOptions options = new()
        {
            NodeId = id,
            ClusterId = new ClusterId(7),
            DataDirectory = DirectoryOf(id),
            JoinExisting = joinExisting,
            HeartbeatInterval = TimeSpan.FromMilliseconds(20),
            ElectionTimeout = TimeSpan.FromMilliseconds(200),
            SegmentBytes = 4 << 20,
        };
        for (ulong member = 1; member <= (ulong)_size && !joinExisting; member++)
            options.InitialMembers.Add(new Member(new NodeId(member), default, $"node{member}"));

        _configure?.Invoke(options);
        options.IsWitness = options.InitialMembers.Any(member => member.Id == id && member.IsWitness);
        return options;
    }

    public async Task<RaftNode> StartNodeAsync(NodeId id, bool joinExisting = false)
    {
        RaftOptions options = OptionsOf(id, joinExisting);
        Machines[id] = new ListStateMachine();
        Transports[id] = Network.CreateTransport(id);
        RaftNode node = new(options, Machines[id], Transports[id], loggerFactory: Trace);
        await node.StartAsync();
        Nodes[id] = node;
        return node;
    }

    public async Task StopNodeAsync(NodeId id)
    {
        Nodes.Remove(id, out RaftNode? node);
        await node!.DisposeAsync();
    }

    public async Task<RaftNode> LeaderAsync(params NodeId[] except) =>
        await EventuallyAsync(
            () => Nodes.Values.FirstOrDefault(n => n.Status.Role is RaftRole.Leader && !except.Contains(n.Id)),
            "a leader");

    public async Task<RaftNode> FollowerAsync()
    {
        RaftNode leader = await LeaderAsync();
        RaftNode follower = Nodes.Values.First(node => node.Id != leader.Id);
        await EventuallyAsync(() => follower.Status.Leader == leader.Id ? follower : null, "a follower with a leader");
        return follower;
    }

    public Task ConvergedAsync(int commands, params NodeId[] on) => EventuallyAsync(
        () => on.DefaultIfEmpty().All(id => id.IsNone) ? AllHave(Machines.Keys, commands) : AllHave(on, commands),
        $"{commands} commands everywhere");

    /// <summary>Waits for a condition, with more patience than any machine needs.</summary>
    public async Task<T> EventuallyAsync<T>(Func<T?> look, string what)
        where T : class
    {
        using CancellationTokenSource timeout = new(Patience);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(5));
        while (true)
        {
            if (look() is { } found)
                return found;

            if (timeout.IsCancellationRequested)
                Assert.Fail($"Waited in vain for {what}.{Environment.NewLine}{Trace}");

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RaftNode node in Nodes.Values)
            await node.DisposeAsync();

        Directory.Delete(_root, recursive: true);
    }

    private TestCluster? AllHave(IEnumerable<NodeId> ids, int commands) =>
        ids.All(id => Machines[id].Commands.Count == commands) ? this : null;
}
