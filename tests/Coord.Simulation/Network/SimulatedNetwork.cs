using Coord.Raft;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Network;

/// <summary>What lies between the members: who reaches whom, and what becomes of messages on their way.</summary>
/// <remarks>
/// A run has one of two kinds. Streams: messages of one lane arrive in order, and are lost with the rest of their
/// connection. Datagrams: each has a fate of its own. Both are less than what a transport must promise.
/// </remarks>
internal sealed class SimulatedNetwork
{
    private readonly Cluster _cluster;
    private readonly SortedDictionary<NodeId, SimulatedTransport> _transports = [];
    private readonly SortedSet<(NodeId From, NodeId To)> _cuts = [];

    public SimulatedNetwork(Cluster cluster)
    {
        _cluster = cluster;
        Chance chance = cluster.World.Chance.Fork("network");
        Fates = new MessageFates(cluster.Plan, chance.Fork("fates"), cluster.Faults);
        Connecting = chance.Fork("connecting");
    }

    public World World => _cluster.World;

    public RunPlan Plan => _cluster.Plan;

    /// <summary>Gets the memory for entries, which all connections share.</summary>
    public EntryBlockPool Blocks { get; } = new();

    public MessageFates Fates { get; }

    /// <summary>Gets the source of chance for connections.</summary>
    public Chance Connecting { get; }

    /// <summary>Gets a value indicating whether messages are lost only with their connection.</summary>
    public bool IsStreaming => Plan.Streams;

    /// <summary>Gets how many directions are cut.</summary>
    public int Cuts => _cuts.Count;

    public bool IsCut(NodeId from, NodeId to) => _cuts.Count > 0 && _cuts.Contains((from, to));

    public void Cut(NodeId from, NodeId to)
    {
        if (from != to && _cuts.Add((from, to)))
            _cluster.World.Trace.Add("network", $"{from} no longer reaches {to}");
    }

    public void Heal(NodeId from, NodeId to)
    {
        if (_cuts.Remove((from, to)))
            _cluster.World.Trace.Add("network", $"{from} reaches {to} again");
    }

    /// <summary>Heals all links, and lets no message meet a bad fate any more.</summary>
    public void HealAll()
    {
        if (_cuts.Count > 0)
            _cluster.World.Trace.Add("network", $"everybody reaches everybody again");
        _cuts.Clear();
    }

    public SimulatedTransport? Find(NodeId member) => _transports.GetValueOrDefault(member);

    public void Join(SimulatedTransport transport)
    {
        _transports[transport.Id] = transport;
        foreach (SimulatedTransport other in _transports.Values)
        {
            if (other != transport)
                other.Meet(transport.Id);
        }
    }

    public void Leave(SimulatedTransport transport)
    {
        if (_transports.GetValueOrDefault(transport.Id) == transport)
            _transports.Remove(transport.Id);
        foreach (SimulatedTransport other in _transports.Values)
            other.OnPeerGone(transport.Id);
    }

    /// <summary>Breaks a connection, as a reset does.</summary>
    public void Break(NodeId from, NodeId to) => Find(from)?.Break(to);
}
