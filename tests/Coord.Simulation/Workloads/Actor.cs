using Coord.Kv;
using Coord.Simulation.Invariants;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Workloads;

/// <summary>One client: it has a clock and a source of chance of its own, and reaches one member at a time.</summary>
internal sealed class Actor
{
    private readonly Cluster _cluster;
    private readonly Func<bool> _isOver;
    private int _operations;
    private SimulatedNode? _node;

    public Actor(Cluster cluster, int number, Func<bool> isOver)
    {
        (_cluster, Number, _isOver) = (cluster, number, isOver);
        Chance = cluster.World.Chance.Fork("actor", number);
        long drift = cluster.Plan.MaxDriftPerMillion;
        Clock = new ProcessClock(
            cluster.World, drift == 0 ? 0 : Chance.Fork("clock").Between(-drift, drift), static _ => false);
        Patience = cluster.Plan.Patience;
        Client = new ClientStore(this);
    }

    /// <summary>Gets the client's number, from zero.</summary>
    public int Number { get; }

    public Chance Chance { get; }

    /// <summary>Gets the client's clock, for whatever takes a <see cref="TimeProvider"/>.</summary>
    public ProcessClock Clock { get; }

    /// <summary>Gets the store as the client reaches it: over a network, through a member that may be down.</summary>
    public IKeyValueStore Store => Client;

    /// <summary>Gets the same, for calls that are of no store.</summary>
    public ClientStore Client { get; }

    public World World => _cluster.World;

    /// <summary>Gets the run's plan.</summary>
    public RunPlan Plan => _cluster.Plan;

    /// <summary>Gets what the store must be; for checks, not for clients.</summary>
    public StoreTwin Twin => _cluster.Twin;

    /// <summary>Gets the true time in nanoseconds, which orders what happened at different clients.</summary>
    public long Now => World.Now;

    /// <summary>Gets a value indicating whether the client shall begin nothing any more.</summary>
    public bool IsOver => _operations >= Plan.Operations || _isOver();

    /// <summary>Gets or sets how long the client waits for an answer before it calls the outcome unknown.</summary>
    public TimeSpan Patience { get; set; }

    /// <summary>Returns a number that is larger than all that were returned before, to whichever client.</summary>
    public long Moment() => ++_cluster.Moments;

    /// <summary>Thinks for a while before the next operation.</summary>
    public Task ThinkAsync()
    {
        _operations++;
        return World.DelayAsync(Chance.Between(1, 2 * Plan.ThinkTime));
    }

    public Task DelayAsync(TimeSpan time) => World.DelayAsync(Span.Of(time));

    /// <summary>Notes something in the run's trace.</summary>
    public void Trace(string what) => World.Trace.Add($"c{Number}", $"{what}");

    /// <summary>Gets the member that the last call went to, unless the client has left it.</summary>
    public SimulatedNode? Node => _node;

    /// <summary>Goes to another member with the next call.</summary>
    public void Leave() => _node = null;

    /// <summary>Tells whether a machine belongs to the cluster, as far as anybody knows.</summary>
    public bool IsMember(SimulatedNode node) => _cluster.Checks.Newest.Contains(node.Id);

    /// <summary>Chooses a member, usually the one of the last time.</summary>
    internal SimulatedNode ChooseNode()
    {
        IReadOnlyList<SimulatedNode> reachable = _cluster.Reachable;
        if (_node is null || !_node.IsUp || Chance.Next(20) == 0 || !reachable.Contains(_node))
            _node = Chance.Of(reachable);
        return _node;
    }

    internal long DrawDelay() => Plan.NetworkDelay + Chance.Between(0, Plan.NetworkJitter);
}
