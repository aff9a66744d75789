using Coord.Raft;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Faults;

/// <summary>Lets things go wrong, each kind by chance and at times of its own, until it is stopped.</summary>
internal sealed class FaultInjector
{
    private readonly Cluster _cluster;
    private readonly NetworkFaults _network;
    private readonly NodeFaults _nodes;
    private readonly Chance _falls;
    private readonly Chance _repairs;
    private readonly int _maxInjections;
    private IReadOnlyCollection<SimulatedNode> _rests = [];
    private bool _isStopped;

    public FaultInjector(Cluster cluster, int maxInjections)
    {
        (_cluster, _maxInjections) = (cluster, maxInjections);
        _network = new NetworkFaults(cluster);
        _nodes = new NodeFaults(cluster);
        _falls = cluster.World.Chance.Fork("falls");
        _repairs = cluster.World.Chance.Fork("repairs");
        cluster.OnDown = Repair;
        if (cluster.Plan.IntervalOf(FaultKind.LeaderFall) > 0)
            cluster.OnElected = OnElected;
        foreach (FaultKind kind in Enum.GetValues<FaultKind>().Where(kind => kind is not FaultKind.LeaderFall))
        {
            if (cluster.Plan.IntervalOf(kind) > 0)
                new Source(this, kind, cluster.World.Chance.Fork("fault " + kind)).ScheduleNext();
        }
    }

    /// <summary>Gets how many faults have happened.</summary>
    public int Injections { get; private set; }

    /// <summary>Ends all faults: everything runs again, and everybody reaches everybody.</summary>
    /// <param name="rests">The members that stay down, until they are woken.</param>
    public void Heal(IReadOnlyCollection<SimulatedNode> rests)
    {
        _isStopped = true;
        _rests = rests;
        _cluster.World.Trace.Add("world", $"heals");
        _cluster.Network.HealAll();
        _cluster.Network.Fates.IsHealed = true;
        foreach (SimulatedNode node in _cluster.Nodes)
        {
            node.Heal();
            if (rests.Contains(node))
                node.Kill("to see whether a quorum is enough");
            else
                node.Start();
        }
    }

    public bool IsResting(NodeId member) => _rests.Any(node => node.Id == member);

    /// <summary>Starts the members that were left down.</summary>
    public void Wake()
    {
        IReadOnlyCollection<SimulatedNode> rested = _rests;
        _rests = [];
        foreach (SimulatedNode node in rested)
            node.Start();
    }

    /// <summary>Starts a member again some time after it went down, as an operator or a supervisor does.</summary>
    private void Repair(SimulatedNode node)
    {
        long downtime = _isStopped ? Span.Second : _repairs.LogUniform(Span.Millisecond, 10 * Span.Second);
        _cluster.World.After(downtime, () =>
        {
            if (node.IsUp || node.IsRetired || _rests.Contains(node))
                return;
            if (node.IsBeyondRepair)
            {
                _nodes.Replace(node);
                return;
            }

            node.Disk.Capacity = long.MaxValue;
            node.Start();
        });
    }

    /// <summary>Lets a new leader fall when it has just begun to tell the others what is in its log.</summary>
    private void OnElected(SimulatedProcess leader)
    {
        if (_falls.Next(4) == 0 || !TryCount(FaultKind.LeaderFall))
            return;

        if (_falls.Next(3) == 0)
            _cluster.World.After(_falls.LogUniform(1, 10 * _cluster.Plan.NetworkDelay), () => Isolate(leader));
        else
            leader.SendsBeforeCrash = (int)_falls.LogUniform(1, 64) - 1;
    }

    private void Isolate(SimulatedProcess leader)
    {
        if (!_isStopped)
            _network.Isolate(leader.Id, _falls.LogUniform(Span.Second, 20 * Span.Second));
    }

    private bool TryCount(FaultKind kind)
    {
        if (_isStopped || Injections >= _maxInjections)
            return false;

        Injections++;
        _cluster.World.Trace.Mix(_cluster.World.Now, 6, (long)kind);
        _cluster.World.Trace.Add("fault", $"{kind}");
        _cluster.Faults.Add(kind);
        return true;
    }

    private void Inject(FaultKind kind, Chance chance)
    {
        if (!_network.TryInject(kind, chance))
            _nodes.Inject(kind, chance);
    }

    /// <summary>The next fault of a kind.</summary>
    private sealed class Source(FaultInjector injector, FaultKind kind, Chance chance) : SimulatedEvent
    {
        public void ScheduleNext()
        {
            long interval = injector._cluster.Plan.IntervalOf(kind);
            injector._cluster.World.Schedule(this, chance.Between(1, 2 * interval));
        }

        public override void Run()
        {
            if (!injector.TryCount(kind))
                return;

            injector.Inject(kind, chance.Fork("one", injector._cluster.World.Now));
            ScheduleNext();
        }
    }
}
