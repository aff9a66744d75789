using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Faults;

/// <summary>Lets things go wrong, each kind by chance and at times of its own, until it is stopped.</summary>
internal sealed class FaultInjector
{
    private readonly Cluster _cluster;
    private readonly NetworkFaults _network;
    private readonly NodeFaults _nodes;
    private readonly Chance _repairs;
    private readonly int _maxInjections;
    private bool _isStopped;

    public FaultInjector(Cluster cluster, int maxInjections)
    {
        (_cluster, _maxInjections) = (cluster, maxInjections);
        _network = new NetworkFaults(cluster);
        _nodes = new NodeFaults(cluster);
        _repairs = cluster.World.Chance.Fork("repairs");
        cluster.OnDown = Repair;
        foreach (FaultKind kind in Enum.GetValues<FaultKind>())
        {
            if (cluster.Plan.IntervalOf(kind) > 0)
                new Source(this, kind, cluster.World.Chance.Fork("fault " + kind)).ScheduleNext();
        }
    }

    /// <summary>Gets how many faults have happened.</summary>
    public int Injections { get; private set; }

    /// <summary>Ends all faults: everything runs again, and everybody reaches everybody.</summary>
    public void Heal()
    {
        _isStopped = true;
        _cluster.World.Trace.Add("world", $"heals");
        _cluster.Network.HealAll();
        _cluster.Network.Fates.IsHealed = true;
        foreach (SimulatedNode node in _cluster.Nodes)
        {
            node.HealDisk();
            node.Resume();
            node.Disk.Capacity = long.MaxValue;
            node.Start();
        }
    }

    /// <summary>Starts a member again some time after it went down, as an operator or a supervisor does.</summary>
    private void Repair(SimulatedNode node)
    {
        long downtime = _isStopped ? Span.Second : _repairs.LogUniform(Span.Millisecond, 10 * Span.Second);
        _cluster.World.After(downtime, () =>
        {
            if (node.IsUp || node.IsRetired)
                return;
            node.Disk.Capacity = long.MaxValue;
            node.Start();
        });
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
            if (injector._isStopped || injector.Injections >= injector._maxInjections)
                return;

            injector.Injections++;
            injector._cluster.World.Trace.Mix(injector._cluster.World.Now, 6, (long)kind);
            injector._cluster.World.Trace.Add("fault", $"{kind}");
            injector._cluster.Faults.Add(kind);
            injector.Inject(kind, chance.Fork("one", injector._cluster.World.Now));
            ScheduleNext();
        }
    }
}
