using Coord.Scheduling.Placement;

namespace Coord.Scheduling.Tests.Placement;

/// <summary>A cluster in a few words, for tests of the planner.</summary>
internal sealed class Cluster
{
    public Dictionary<NodeName, NodeSpec> Nodes { get; } = [];

    public Dictionary<NodeName, IReadOnlyList<ResourceAmount>> Reports { get; } = [];

    public Dictionary<UnitName, UnitSpec> Units { get; } = [];

    public SortedDictionary<SlotId, NodeName> Assigned { get; } = [];

    public PlannerOptions Options { get; set; } = new();

    public static NodeName N(string name) => new(name);

    public static UnitName U(string name) => new(name);

    public static SlotId S(string unit, int number = 0) => new(new UnitName(unit), number);

    public Cluster Node(string name, Func<NodeSpec, NodeSpec>? change = null)
    {
        NodeSpec node = new() { Name = new NodeName(name), Runners = [RunnerNames.Process] };
        Nodes[node.Name] = change?.Invoke(node) ?? node;
        return this;
    }

    /// <summary>Adds a node that has some processor time and no other resource.</summary>
    public Cluster Node(string name, long cpu, params (string Key, string Value)[] labels) =>
        Node(name, node => node with
        {
            Capacity = [new(ResourceAmount.Cpu, cpu)],
            Labels = labels.ToDictionary(label => label.Key, label => label.Value),
        });

    public Cluster Unit(string name, Func<UnitSpec, UnitSpec>? change = null)
    {
        UnitSpec unit = new() { Name = new UnitName(name), Runner = RunnerNames.Process };
        Units[unit.Name] = change?.Invoke(unit) ?? unit;
        return this;
    }

    /// <summary>Adds a unit that asks for processor time.</summary>
    public Cluster Unit(string name, long cpu, Func<UnitConstraints, UnitConstraints>? constraints = null) =>
        Unit(name, unit => unit with
        {
            Requests = [new(ResourceAmount.Cpu, cpu)],
            Constraints = constraints?.Invoke(unit.Constraints) ?? unit.Constraints,
        });

    /// <summary>Adds a unit that asks for nothing and may not run everywhere.</summary>
    public Cluster Unit(string name, Func<UnitConstraints, UnitConstraints> constraints) =>
        Unit(name, unit => unit with { Constraints = constraints(unit.Constraints) });

    public Cluster Assign(string unit, string node) => Assign(S(unit), node);

    public Cluster Assign(SlotId slot, string node)
    {
        Assigned[slot] = new NodeName(node);
        return this;
    }

    /// <summary>Makes a snapshot, saying things in an order that a seed picks.</summary>
    public PlacementSnapshot Snapshot(int seed = 0)
    {
        PlacementSnapshotBuilder builder = new() { Revision = 7 };
        Random random = new(seed);
        NodeSpec[] nodes = [.. Nodes.Values];
        UnitSpec[] units = [.. Units.Values];
        KeyValuePair<SlotId, NodeName>[] assigned = [.. Assigned];
        random.Shuffle(nodes);
        random.Shuffle(units);
        random.Shuffle(assigned);
        foreach (NodeSpec node in nodes)
            builder.SetNode(node);
        foreach ((SlotId slot, NodeName node) in assigned)
            builder.Assign(slot, node);
        foreach (UnitSpec unit in units)
            builder.SetUnit(unit);
        foreach ((NodeName node, IReadOnlyList<ResourceAmount> used) in Reports)
            builder.SetLoad(node, used);
        return builder.Build();
    }

    public PlacementPlan Plan(int seed = 0) => new Planner(Options).Plan(Snapshot(seed));

    /// <summary>Plans, and carries the plan out.</summary>
    public PlacementPlan Settle()
    {
        PlacementPlan plan = Plan();
        foreach (PlacementChange change in plan.Changes)
        {
            if (change.To.IsNone)
                Assigned.Remove(change.Slot);
            else
                Assigned[change.Slot] = change.To;
        }

        return plan;
    }

    public NodeName Where(string unit, int number = 0) => Assigned.GetValueOrDefault(S(unit, number));
}
