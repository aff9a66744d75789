using Coord.Kv;
using Coord.Kv.Mvcc.Native;
using Coord.Raft;
using Coord.Raft.Driver;
using Coord.Raft.Tests.Storage;
using Coord.Simulation.Kernel;
using Coord.Simulation.Network;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.Simulation.Nodes;

/// <summary>One life of a member, from its start to its end: the production node, its store, and its clock.</summary>
internal sealed class SimulatedProcess
{
    // Small, so that splits, rotations and growth happen with little data; and read without a thread of its own.
    private static readonly StoreLayout Layout = new(4096, 16, 64) { ReadsAhead = false };

    private readonly TaskCompletionSource _died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<SimulatedEvent> _heldUp = [];
    private readonly Chance _pace;

    public SimulatedProcess(SimulatedNode node, int number)
    {
        (Node, Number) = (node, number);
        Chance chance = node.Chance.Fork("process", number);
        _pace = chance.Fork("pace");
        Chance entropy = chance.Fork("entropy");
        BootId = entropy.Next() | 1;
        long drift = node.Cluster.Plan.MaxDriftPerMillion;
        Clock = new ProcessClock(World, drift == 0 ? 0 : chance.Fork("clock").Between(-drift, drift), TryHoldUp);
        Machine = new KeyValueStateMachine(node.Cluster.Plan.CreateStoreOptions(), Layout, Clock);
        Transport = new SimulatedTransport(node.Cluster.Network, this);
        NodeEnvironment environment = new()
        {
            Files = node.Disk,
            Entropy = entropy.Fill,
            SegmentBytes = node.Cluster.Plan.SegmentBytes,
            Tune = node.Cluster.Plan.Tune,
            CreatePump = options => new SimulatedPump(this, options),
        };
        RaftOptions options = node.Cluster.Plan.CreateRaftOptions(node);
        Raft = new RaftNode(
            options, new CheckedStateMachine(this, Machine), Transport, Clock, NullLoggerFactory.Instance, environment);
        Store = new EmbeddedKeyValueStore(Raft, Machine, null, chance.Fork("store").Fill);
        _ = WatchAsync();
    }

    public SimulatedNode Node { get; }

    public NodeId Id => Node.Id;

    public int Number { get; }

    public World World => Node.Cluster.World;

    public ulong BootId { get; }

    public ProcessClock Clock { get; }

    public KeyValueStateMachine Machine { get; }

    public SimulatedTransport Transport { get; }

    public RaftNode Raft { get; }

    public EmbeddedKeyValueStore Store { get; }

    /// <summary>Gets or sets the last command that the store has applied; its node may not know of it yet.</summary>
    public LogIndex LastCommand { get; set; }

    /// <summary>Gets a value indicating whether it has ended, in whatever way.</summary>
    public bool IsGone { get; private set; }

    public bool IsPaused { get; private set; }

    /// <summary>Gets a task that ends with the process.</summary>
    public Task Died => _died.Task;

    /// <summary>Gets or sets how many messages it may still send before its power is cut; negative for all.</summary>
    public int SendsBeforeCrash { get; set; } = -1;

    /// <summary>Gets or sets how long it will be paused after its next heartbeats; zero for not at all.</summary>
    public long PauseAfterHeartbeat { get; set; }

    /// <summary>Starts the node, which first asks the others for what is damaged in its log.</summary>
    public void Start() => _ = StartAsync();

    /// <summary>Holds an event up while the process is paused.</summary>
    public bool TryHoldUp(SimulatedEvent happening)
    {
        if (IsPaused)
            _heldUp.Add(happening);
        return IsPaused;
    }

    public void Pause() => IsPaused = true;

    public void Resume()
    {
        IsPaused = false;
        foreach (SimulatedEvent happening in _heldUp)
            World.Schedule(happening, 0);
        _heldUp.Clear();
    }

    /// <summary>Draws how long it takes until a loop that was woken has done its turn.</summary>
    public long DrawPause(LoopKind kind)
    {
        long mean = Node.Cluster.Plan.PauseOf(kind);
        long pause = _pace.Between(0, 2 * mean);
        if (_pace.OneIn(1000))
            pause *= 20; // Somebody else had the processor, or the disk.
        return kind is LoopKind.Owner or LoopKind.Apply ? pause : Node.DelayOnDisk(pause);
    }

    /// <summary>Looks at the node after a turn of one of its loops.</summary>
    public void OnPumped(LoopKind kind)
    {
        if (kind is LoopKind.Owner && Raft.Runtime is { } runtime)
            Node.Cluster.Checks.AfterTurn(this, runtime);
    }

    /// <summary>Is told of each message before it leaves.</summary>
    public void OnSending(in Message message)
    {
        if (SendsBeforeCrash >= 0 && SendsBeforeCrash-- == 0)
            throw new PowerCutException();

        Node.Cluster.Checks.OnSend(this, message);
        if (message.Kind is MessageKind.TimeoutNow)
            Node.Cluster.OnHandedOver(this);
        if (message.Kind is MessageKind.Heartbeat && PauseAfterHeartbeat > 0)
        {
            long duration = PauseAfterHeartbeat;
            PauseAfterHeartbeat = 0;
            World.After(1, () => Node.PauseFor(this, duration));
        }
    }

    /// <summary>Ends the process without a word, as a signal or a power cut does.</summary>
    public void End()
    {
        IsGone = true;
        _heldUp.Clear();
        Clock.Stop();
        Transport.Leave();
        _died.TrySetResult();
    }

    private async Task StartAsync()
    {
        try
        {
            await Raft.StartAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // It ends the process, and comes to light like whatever else does.
        catch (Exception)
#pragma warning restore CA1031
        {
            return;
        }

        if (!IsGone)
            Node.OnStarted(this);
    }

    private async Task WatchAsync()
    {
        Exception? reason = null;
        try
        {
            await Raft.Completion.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The node judges what may end a process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reason = exception;
        }

        if (!IsGone)
            Node.OnStopped(reason);
    }
}
