using Coord.Kv;
using Coord.Raft;
using Coord.Raft.Core;
using Coord.Simulation.Faults;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation;

/// <summary>What one run is like: how large, how fast, with which options, and with which faults how often.</summary>
/// <remarks>
/// Each run has its own subset of the faults, each with a strength of any magnitude. Runs in which everything goes
/// wrong at once get nowhere, and find less.
/// </remarks>
internal sealed class RunPlan
{
    private readonly RunOptions _options;
    private readonly Dictionary<FaultKind, long> _intervals = [];
    private readonly long[] _pauses = new long[6];
    private int _maxAppendEntries;
    private int _maxInflightAppends;
    private int _maxCommittedBytes;
    private int _promoteLagEntries;

    public RunPlan(RunOptions options, Chance chance)
    {
        _options = options;
        Nodes = options.Nodes ?? DrawNodes(chance.Fork("nodes"));
        Clients = options.Clients ?? (int)chance.Fork("clients").LogUniform(1, 12);
        DrawTimes(chance.Fork("times"));
        DrawRaft(chance.Fork("raft"));
        DrawStore(chance.Fork("store"));
        DrawWatches(chance.Fork("watches"));
        DrawNetwork(chance.Fork("network"));
        DrawFaults(chance.Fork("faults"));
        Duration = chance.Fork("duration").LogUniform(5 * Span.Second, 60 * Span.Second);
    }

    /// <summary>Gets how many members there are at the beginning.</summary>
    public int Nodes { get; }

    public int Clients { get; }

    /// <summary>Gets how many operations each client does at most.</summary>
    public int Operations => _options.Operations;

    /// <summary>Gets how long the faults go on.</summary>
    public long Duration { get; }

    public TimeSpan HeartbeatInterval { get; private set; }

    public TimeSpan ElectionTimeout { get; private set; }

    public TimeSpan RequestTimeout { get; private set; }

    /// <summary>Gets how long a client waits for an answer.</summary>
    public TimeSpan Patience { get; private set; }

    /// <summary>Gets how long a client thinks between two operations, on average.</summary>
    public long ThinkTime { get; private set; }

    public long NetworkDelay { get; private set; }

    public long NetworkJitter { get; private set; }

    public bool Streams { get; private set; }

    /// <summary>Gets how many of a million messages are lost.</summary>
    public long Loss { get; private set; }

    public long Duplication { get; private set; }

    public long Hoarding { get; private set; }

    public long Stragglers { get; private set; }

    public long MaxDriftPerMillion { get; private set; }

    public bool PreVote { get; private set; }

    public bool CheckQuorum { get; private set; }

    public bool LeaseReads { get; private set; }

    public long SnapshotEntries { get; private set; }

    public int TrailingEntries { get; private set; }

    /// <summary>Gets how large a segment of the log is: small, so that it is full soon.</summary>
    public int SegmentBytes { get; private set; }

    public long RetainedRevisions { get; private set; }

    /// <summary>Gets how old history becomes; zero for as old as it likes.</summary>
    public TimeSpan RetainedAge { get; private set; }

    /// <summary>Gets how many events may wait for a watch's reader.</summary>
    public int WatchBufferEvents { get; private set; }

    public TimeSpan WatchProgressInterval { get; private set; }

    /// <summary>Gets how often the states of the members are compared, in entries.</summary>
    public int DigestInterval { get; private set; }

    /// <summary>Returns the mean time between two faults of a kind; zero if it does not happen.</summary>
    public long IntervalOf(FaultKind kind) => _intervals.GetValueOrDefault(kind);

    /// <summary>Returns how long a turn of a loop takes on average.</summary>
    public long PauseOf(LoopKind kind) => _pauses[(int)kind];

    public RaftOptions CreateRaftOptions(SimulatedNode node)
    {
        RaftOptions options = new()
        {
            NodeId = node.Id,
            ClusterId = new ClusterId(7),
            DataDirectory = "/" + node.Name,
            JoinExisting = node.Joins,
            HeartbeatInterval = HeartbeatInterval,
            ElectionTimeout = ElectionTimeout,
            RequestTimeout = RequestTimeout,
            SnapshotEntries = SnapshotEntries,
            TrailingEntries = TrailingEntries,
            SnapshotBytes = 4 << 20,
            MaxCommandBytes = SegmentBytes / 2,
            MaxPendingBytes = 1 << 20,
            MaxUncommittedBytes = 512 << 10,
            PreVote = PreVote,
            CheckQuorum = CheckQuorum,
            LeaseReads = LeaseReads,
            SegmentBytes = 1 << 20,
        };
        for (ulong id = 1; id <= (ulong)Nodes && !node.Joins; id++)
            options.InitialMembers.Add(new Member(new NodeId(id), default, $"n{id}"));
        return options;
    }

    /// <summary>Makes batches and windows small: much goes wrong only between two messages.</summary>
    public RaftCoreOptions Tune(RaftCoreOptions options) => options with
    {
        MaxAppendEntries = _maxAppendEntries,
        // A window of a few entries on slow disks or a slow network is no fault to look for: clients would overrun it.
        MaxInflightAppends = Math.Max(
            _maxInflightAppends, (int)(8 + (NetworkDelay / Span.Millisecond)) / _maxAppendEntries),
        MaxCommittedBytesPerReady = _maxCommittedBytes,
        PromoteLagEntries = _promoteLagEntries,
    };

    public KeyValueOptions CreateStoreOptions() => new()
    {
        RetainedRevisions = RetainedRevisions,
        CompactionMode = RetainedAge > TimeSpan.Zero ? CompactionMode.Periodic : CompactionMode.None,
        CompactionRetention = RetainedAge > TimeSpan.Zero ? RetainedAge : TimeSpan.FromHours(1),
        MaxRequestBytes = (SegmentBytes / 2) - 1024,
        MaxKeyBytes = 1024,
        MinLeaseTimeToLive = TimeSpan.FromSeconds(1),
        MaxWatchBufferEvents = WatchBufferEvents,
        WatchProgressInterval = WatchProgressInterval,
    };

    public override string ToString() =>
        $"{Nodes} nodes, {Clients} clients, {Duration / Span.Second} s; "
        + $"heartbeat {HeartbeatInterval.TotalMilliseconds} ms, election {ElectionTimeout.TotalMilliseconds} ms, "
        + $"delay {NetworkDelay / 1000}+{NetworkJitter / 1000} us "
        + $"{(Streams ? "streams" : "datagrams")}, sync {PauseOf(LoopKind.Storage) / 1000} us, snapshot every "
        + $"{SnapshotEntries}{(PreVote ? "" : ", no pre-vote")}{(CheckQuorum ? "" : ", no check-quorum")}"
        + $"{(LeaseReads ? ", lease reads" : "")}; faults: "
        + string.Join(", ", _intervals.Where(fault => fault.Value > 0)
            .Select(fault => $"{fault.Key} every {fault.Value / Span.Millisecond} ms"))
        + $"; of a million lost {Loss}, doubled {Duplication}, hoarded {Hoarding}, late {Stragglers}, "
        + $"drift {MaxDriftPerMillion}";

    private static int DrawNodes(Chance chance) => chance.Next(20) switch
    {
        0 => 1,
        1 => 2,
        < 13 => 3,
        13 => 4,
        < 19 => 5,
        _ => 7,
    };

    private void DrawTimes(Chance chance)
    {
        HeartbeatInterval = TimeSpan.FromMilliseconds(chance.LogUniform(50, 200));
        ElectionTimeout = HeartbeatInterval * chance.Between(5, 12);
        RequestTimeout = ElectionTimeout * chance.Between(2, 6);
        Patience = ElectionTimeout * chance.Between(1, 8);
        ThinkTime = chance.LogUniform(5 * Span.Millisecond, 2 * Span.Second);
        for (int kind = 0; kind < _pauses.Length; kind++)
            _pauses[kind] = chance.LogUniform(5 * Span.Microsecond, Span.Millisecond);
        _pauses[(int)LoopKind.Storage] = chance.LogUniform(20 * Span.Microsecond, 20 * Span.Millisecond);
        _pauses[(int)LoopKind.Apply] = chance.LogUniform(5 * Span.Microsecond, 10 * Span.Millisecond);
        _pauses[(int)LoopKind.Snapshot] = chance.LogUniform(Span.Millisecond, Span.Second);
    }

    private void DrawRaft(Chance chance)
    {
        PreVote = chance.Next(4) > 0;
        CheckQuorum = chance.Next(4) > 0;
        LeaseReads = CheckQuorum && chance.Next(3) > 0;
        SnapshotEntries = chance.LogUniform(2, 10_000);
        TrailingEntries = (int)chance.Between(0, chance.LogUniform(1, 1000));
        // Often a few at a time: what lies behind the entries of a message matters only if it is not all that there is.
        bool isNarrow = chance.Fork("narrow").Next(3) == 0;
        _maxAppendEntries = (int)chance.LogUniform(1, isNarrow ? 3 : 1000);
        _maxInflightAppends = (int)chance.LogUniform(1, 64);
        _maxCommittedBytes = (int)chance.LogUniform(64, 1 << 20);
        _promoteLagEntries = (int)chance.LogUniform(1, 8192);
        SegmentBytes = 64 << (10 + chance.Next(3));
    }

    private void DrawStore(Chance chance)
    {
        RetainedRevisions = chance.Next(2) == 0 ? 0 : chance.LogUniform(10, 1000);
        DigestInterval = (int)chance.LogUniform(16, 256);
        Chance age = chance.Fork("age");
        RetainedAge = age.OneIn(6) ? Span.ToTimeSpan(age.LogUniform(Span.Second, 20 * Span.Second)) : TimeSpan.Zero;
    }

    private void DrawWatches(Chance chance)
    {
        WatchBufferEvents = (int)chance.LogUniform(1, 1024);
        WatchProgressInterval = Span.ToTimeSpan(chance.LogUniform(200 * Span.Millisecond, 20 * Span.Second));
    }

    private void DrawNetwork(Chance chance)
    {
        Streams = chance.Next(2) == 0;
        NetworkDelay = chance.LogUniform(50 * Span.Microsecond, 20 * Span.Millisecond);
        NetworkJitter = chance.LogUniform(10 * Span.Microsecond, 20 * Span.Millisecond);
        Loss = Draw(FaultKind.Loss, 100, Streams ? 10_000 : 200_000);
        Duplication = Draw(FaultKind.Duplication, 1000, 200_000);
        Hoarding = Draw(FaultKind.Hoarding, 1000, 20_000);
        Stragglers = Draw(FaultKind.Stragglers, 100, 20_000);
        MaxDriftPerMillion = Draw(FaultKind.Drift, 100, 30_000);

        long Draw(FaultKind kind, long least, long most) =>
            Has(kind, chance.Fork(kind.ToString())) ? chance.Fork(kind.ToString(), 1).LogUniform(least, most) : 0;
    }

    private void DrawFaults(Chance chance)
    {
        FaultKind last = _options.MoreDiskFaults ? FaultKind.WipedDisk : FaultKind.LeaderStall;
        for (FaultKind kind = FaultKind.Reset; kind <= last; kind++)
        {
            Chance own = chance.Fork(kind.ToString());
            bool isAllowed = kind switch
            {
                FaultKind.Drift => false,
                FaultKind.ClockLeap => !LeaseReads,
                _ => true,
            };
            if (Has(kind, own) && isAllowed)
                _intervals[kind] = own.LogUniform(Span.Second, 60 * Span.Second);
        }
    }

    private bool Has(FaultKind kind, Chance chance) => chance.Next(3) == 0 && !_options.Without.Contains(kind);
}
