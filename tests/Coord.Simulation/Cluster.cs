using Coord.Raft;
using Coord.Simulation.Faults;
using Coord.Simulation.Invariants;
using Coord.Simulation.Kernel;
using Coord.Simulation.Network;
using Coord.Simulation.Nodes;

namespace Coord.Simulation;

/// <summary>All members there ever were in a run, the network between them, and those who watch over them.</summary>
internal sealed class Cluster
{
    private readonly SortedDictionary<NodeId, SimulatedNode> _nodes = [];
    private ulong _lastId;

    public Cluster(World world, RunPlan plan, FaultCounts faults)
    {
        (World, Plan, Faults) = (world, plan, faults);
        Network = new SimulatedNetwork(this);
        Checks = new ClusterChecks(this);
        Twin = new StoreTwin(this);
    }

    public World World { get; }

    public RunPlan Plan { get; }

    public FaultCounts Faults { get; }

    /// <summary>Gets how often the run came to places that matter.</summary>
    public MarkCounts Marks { get; } = new();

    public SimulatedNetwork Network { get; }

    public ClusterChecks Checks { get; }

    /// <summary>Gets what the store must be.</summary>
    public StoreTwin Twin { get; }

    /// <summary>Gets all members, in the order in which they came.</summary>
    public IReadOnlyCollection<SimulatedNode> Nodes => _nodes.Values;

    /// <summary>Gets or sets a value indicating whether nothing goes wrong any more.</summary>
    public bool IsHealed { get; set; }

    /// <summary>
    /// Gets the machines whose addresses clients have; after healing only those that are members, as far as known.
    /// </summary>
    public IReadOnlyList<SimulatedNode> Reachable => IsHealed && Leader is { } leader
        ? [.. leader.Raft.Status.Membership.Members.Select(member => _nodes[member.Id]).Where(node => node.IsUp)]
        : [.. _nodes.Values.Where(node => !node.IsRetired
            && (!Network.Fates.IsHealed || Checks.Newest.Voters.IsEmpty || Checks.Newest.Contains(node.Id)))];

    /// <summary>Gets or sets how many moments were told apart.</summary>
    public long Moments { get; set; }

    /// <summary>Gets or sets what is told that a member's process has ended.</summary>
    public Action<SimulatedNode> OnDown { get; set; } = static _ => { };

    /// <summary>Gets or sets what is told of each new leader, before it has sent anything.</summary>
    public Action<SimulatedProcess> OnElected { get; set; } = static _ => { };

    /// <summary>Gets or sets what is told of each vote that a member is about to give to another.</summary>
    public Action<SimulatedProcess> OnVoted { get; set; } = static _ => { };

    /// <summary>Gets or sets what is told when a leader asks another to campaign in its place.</summary>
    public Action<SimulatedProcess> OnHandedOver { get; set; } = static _ => { };

    /// <summary>Gets the process that leads in the highest term, if one does.</summary>
    public SimulatedProcess? Leader => _nodes.Values
        .Where(node => node.IsUp && node.Process!.Raft.Status.Role is RaftRole.Leader)
        .MaxBy(node => node.Process!.Raft.Status.Term)?.Process;

    public SimulatedNode? Find(NodeId id) => _nodes.GetValueOrDefault(id);

    /// <summary>Adds a machine.</summary>
    /// <param name="joins">Whether it waits to be added to the cluster, or begins it with others.</param>
    public SimulatedNode AddNode(bool joins)
    {
        SimulatedNode node = new(this, new NodeId(++_lastId), joins);
        _nodes.Add(node.Id, node);
        return node;
    }
}
