using System.Buffers.Binary;
using System.Collections.Concurrent;
using Coord.Raft.Driver;
using Coord.Raft.Tests.Driver;
using Coord.Raft.Tests.Storage;

namespace Coord.Raft.Tests.Repair;

/// <summary>Three production nodes on disks in memory; the test moves the clock, and every loop by it.</summary>
internal sealed class PumpedCluster : IAsyncDisposable
{
    private const int MostYields = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    private readonly ManualTime _time = new();
    private readonly LoopbackNetwork _network = new();
    private readonly Dictionary<ulong, Task> _starts = [];
    private readonly Dictionary<ulong, ConcurrentQueue<Pump>> _pumps = [];
    private readonly Action<RaftOptions>? _configure;
    private ulong _seed = 1;

    public PumpedCluster(Action<RaftOptions>? configure = null, IReadOnlyList<MemoryFileSystem>? disks = null)
    {
        _configure = configure;
        for (ulong id = 1; id <= 3; id++)
            Disks[id] = disks is null ? new MemoryFileSystem() : disks[(int)id - 1].Clone();
    }

    public SortedDictionary<ulong, MemoryFileSystem> Disks { get; } = [];

    public SortedDictionary<ulong, RaftNode> Nodes { get; } = [];

    public SortedDictionary<ulong, ListStateMachine> Machines { get; } = [];

    public TraceLog Trace { get; } = new();

    /// <summary>Gets the granted votes that counted like any other, by member, since the member was started.</summary>
    public Dictionary<ulong, List<Message>> PlainVotes { get; } = [];

    public RaftNode? Leader => Nodes.Values.FirstOrDefault(node => node.Status.Role is RaftRole.Leader);

    public static string DirectoryOf(ulong id) => $"/node{id}";

    public static string LogOf(ulong id) => $"/node{id}/log";

    public void Start(params ulong[] ids)
    {
        foreach (ulong id in ids)
        {
            RaftOptions options = new()
            {
                NodeId = new NodeId(id),
                ClusterId = new ClusterId(7),
                DataDirectory = DirectoryOf(id),
                HeartbeatInterval = TimeSpan.FromMilliseconds(20),
                ElectionTimeout = TimeSpan.FromMilliseconds(200),
                SegmentBytes = 1 << 20,
                MaxCommandBytes = 1 << 18,
            };
            for (ulong member = 1; member <= 3; member++)
                options.InitialMembers.Add(new Member(new NodeId(member), default, $"node{member}"));
            _configure?.Invoke(options);
            ConcurrentQueue<Pump> pumps = new();
            List<Message> votes = [];
            ulong entropy = _seed++ << 32;
            NodeEnvironment environment = new()
            {
                Files = Disks[id],
                Entropy = bytes =>
                {
                    for (int i = 0; i < bytes.Length; i += sizeof(ulong))
                        BinaryPrimitives.WriteUInt64LittleEndian(bytes[i..], ++entropy * 0x9E3779B97F4A7C15);
                },
                CreatePump = pump =>
                {
                    Pump made = new(pump);
                    pumps.Enqueue(made);
                    return made;
                },
            };
            LoopbackNetwork.LoopbackTransport transport = _network.CreateTransport(new NodeId(id));
            transport.Drop = message =>
            {
                bool isVote = message.Kind is MessageKind.VoteResponse or MessageKind.PreVoteResponse;
                if (isVote && message is { Reject: false, Context: 0 })
                    votes.Add(message);
                return false;
            };
            Machines[id] = new ListStateMachine();
            _pumps[id] = pumps;
            PlainVotes[id] = votes;
            Nodes[id] = new RaftNode(options, Machines[id], transport, _time, Trace, environment);
            _starts[id] = Nodes[id].StartAsync();
        }
    }

    /// <summary>Returns whether a member has started, or throws why it has not.</summary>
    public bool IsStarted(ulong id)
    {
        if (_starts[id].IsFaulted)
            _starts[id].GetAwaiter().GetResult();
        return _starts[id].IsCompletedSuccessfully;
    }

    /// <summary>Stops a member; its mark is saved.</summary>
    public async Task StopAsync(ulong id)
    {
        RaftNode node = Nodes[id];
        Nodes.Remove(id);
        Task stop = node.DisposeAsync().AsTask();
        await RunAsync(() => stop.IsCompleted, "the end");
        _pumps[id].Clear();
        await stop;
    }

    /// <summary>Lets the process of a member end at once.</summary>
    public void Kill(ulong id)
    {
        _network.Cut(new NodeId(id));
        MemoryFileSystem rest = Disks[id].Clone();
        Disks[id].Kill();
        Disks[id] = rest;
        _pumps[id].Clear();
        Nodes.Remove(id);
        _network.Heal(new NodeId(id));
    }

    public async Task<T> ResultOfAsync<T>(ValueTask<T> result, string what)
    {
        Task<T> task = result.AsTask();
        await RunAsync(() => task.IsCompleted, what);
        return await task;
    }

    public async Task ProposeAsync(string command)
    {
        await RunAsync(() => Leader is not null, "a leader");
        await ResultOfAsync(Leader!.ProposeAsync(System.Text.Encoding.UTF8.GetBytes(command)), command);
    }

    public Task ConvergedAsync(IReadOnlyCollection<string> commands, params ulong[] ids) => RunAsync(
        () => ids.Count(IsStarted) == ids.Length && ids.All(id => Machines[id].Commands.SequenceEqual(commands)),
        $"{commands.Count} commands on {string.Join(", ", ids)}");

    /// <summary>Moves clock and loops until a condition holds.</summary>
    public async Task RunAsync(Func<bool> until, string what)
    {
        using CancellationTokenSource timeout = new(Patience, TimeProvider.System);
        while (!timeout.IsCancellationRequested)
        {
            if (until())
                return;
            await StepAsync();
        }

        string how = string.Join("; ", Nodes.Values.Select(node => $"{node.Status}"));
        Assert.Fail($"Waited in vain for {what}. {how}{Environment.NewLine}{Trace}");
    }

    /// <summary>Moves clock and loops for a while.</summary>
    public async Task RunForAsync(TimeSpan time)
    {
        for (TimeSpan passed = default; passed < time; passed += Step)
            await StepAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ulong id in Nodes.Keys.ToArray())
            await StopAsync(id);
    }

    private async Task StepAsync()
    {
        _time.Advance(Step);
        bool worked = true;
        while (worked)
        {
            worked = false;
            foreach (Pump pump in _pumps.Values.SelectMany(pumps => pumps).ToArray())
                worked |= pump.Run();
        }

        // What runs on the thread pool is short: starting, stopping, answering. It comes before the clock moves on.
        await Task.Yield();
        for (int i = 0; i < MostYields && ThreadPool.PendingWorkItemCount > 0; i++)
            await Task.Yield();
    }

    private sealed class Pump(LoopPumpOptions options) : ILoopPump
    {
        private bool _isRunning;

        public void Start() => Volatile.Write(ref _isRunning, true);

        public void StopAndJoin()
        {
            Volatile.Write(ref _isRunning, false);
            lock (options)
            {
                while (options.Loop.Pump())
                {
                }
            }
        }

        public bool Run()
        {
            lock (options)
            {
                if (!Volatile.Read(ref _isRunning))
                    return false;

                try
                {
                    return options.Loop.Pump();
                }
                catch (Exception exception)
                {
                    Volatile.Write(ref _isRunning, false);
                    options.OnFailure(exception);
                    return false;
                }
            }
        }
    }
}
