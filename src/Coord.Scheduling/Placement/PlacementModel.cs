using System.Numerics;

namespace Coord.Scheduling.Placement;

/// <summary>
/// A snapshot as integers: nodes and units by their rank, texts replaced by numbers that are equal where the texts are.
/// Immutable; what a plan changes is in a <see cref="PlacementState"/>.
/// </summary>
internal sealed partial class PlacementModel
{
    /// <summary>The unit beside which another one must be, where there is no such wish.</summary>
    public const int NoUnit = -1;

    /// <summary>The unit beside which another one must be, where there is no unit of that name.</summary>
    public const int MissingUnit = -2;

    private readonly Dictionary<NodeName, int> _nodeIndex;
    private readonly string[] _resources;
    private readonly int[][] _nodeLabels;
    private readonly int[][] _nodeTaints;
    private readonly int[][] _nodeRunners;

    public PlacementModel(PlacementSnapshot snapshot)
    {
        Nodes = snapshot.Nodes;
        Units = snapshot.Units;
        _nodeIndex = new Dictionary<NodeName, int>(Nodes.Length);
        for (int node = 0; node < Nodes.Length; node++)
            _nodeIndex.Add(Nodes[node].Spec.Name, node);

        ShapeOf = new int[Units.Length];
        UnitShape[] shapes = CollectShapes(Units, ShapeOf);
        _resources = CollectResources(Nodes, shapes);
        ResourceStart = new int[Nodes.Length + 1];
        CompileCapacities(out int[] resourceOf, out long[] capacity);
        ResourceOf = resourceOf;
        Capacity = capacity;
        Shift = [.. capacity.Select(amount => (byte)Math.Max(0, BitLength(amount) - ShareBits))];

        Names labels = new();
        Names taints = new();
        Names runners = new();
        Shapes = CompileShapes(shapes, labels, taints, runners);
        _nodeLabels = [.. Nodes.Select(node => labels.Known(node.Spec.Labels.Select(PairOf)))];
        _nodeTaints = [.. Nodes.Select(node => taints.All(node.Spec.Taints))];
        _nodeRunners = [.. Nodes.Select(node => runners.Known(node.Spec.Runners))];

        SameNodeAs = CompilePeers();
        Declared = new int[]?[Units.Length];
        Matched = new int[]?[Units.Length];
        Patterns = CompileConflicts();
        External = CompileReports();
    }

    // Capacities are cut to so many bits for shares, so that a share is one division of 64 bits. What is used is cut
    // alike, at eight times the capacity: only a report can say as much.
    internal const int ShareBits = 27;

    public NodeRecord[] Nodes { get; }

    public UnitRecord[] Units { get; }

    /// <summary>Gets where the resources of each node start in the arrays that follow.</summary>
    public int[] ResourceStart { get; }

    /// <summary>Gets which resource it is; ascending within a node.</summary>
    public int[] ResourceOf { get; }

    /// <summary>Gets how much the node has of it.</summary>
    public long[] Capacity { get; }

    /// <summary>Gets by how many bits amounts are cut for shares.</summary>
    public byte[] Shift { get; }

    /// <summary>Gets how much more the node reports as used than its slots ask for.</summary>
    public long[] External { get; }

    /// <summary>Gets the shapes, in the order of their keys.</summary>
    public CompiledShape[] Shapes { get; }

    /// <summary>Gets the shape of each unit; -1 for units that are gone.</summary>
    public int[] ShapeOf { get; }

    /// <summary>Gets the unit beside which each unit must be.</summary>
    public int[] SameNodeAs { get; }

    /// <summary>Gets the patterns that each unit does not want beside it; null for none.</summary>
    public int[]?[] Declared { get; }

    /// <summary>Gets the patterns that match each unit's name; null for none.</summary>
    public int[]?[] Matched { get; }

    public PatternIndex Patterns { get; }

    public int FindNode(NodeName name) => _nodeIndex.TryGetValue(name, out int node) ? node : -1;

    public int FindUnit(UnitName name) => SortedMerge.Find(Units, unit => unit.Name.Value, name.Value);

    public int FindResource(string name) => Array.BinarySearch(_resources, name, StringComparer.Ordinal);

    public string ResourceName(int resource) => _resources[resource];

    /// <summary>Finds a node's resource in the arrays of resources; -1 if the node does not have it.</summary>
    public int IndexOf(int node, int resource)
    {
        int start = ResourceStart[node];
        int found = ResourceOf.AsSpan(start, ResourceStart[node + 1] - start).IndexOf(resource);
        return found < 0 ? -1 : start + found;
    }

    /// <summary>
    /// Asks the filters that depend on nothing but shape and node, and returns the first that says no.
    /// </summary>
    public FilterKind FirstFailure(CompiledShape shape, int node)
    {
        FilterKind failure = Allowed(shape, node);
        NodeSpec spec = Nodes[node].Spec;
        return failure != FilterKind.None ? failure
            : spec.IsDraining ? FilterKind.Draining
            : spec.IsCordoned ? FilterKind.Cordoned
            : FilterKind.None;
    }

    /// <summary>Does the same, and does not mind that a node takes no new units.</summary>
    public FilterKind Allowed(CompiledShape shape, int node)
    {
        if (shape.Members is { } members)
        {
            foreach (CompiledShape member in members)
            {
                if (Allowed(member, node) is not FilterKind.None and FilterKind failure)
                    return failure;
            }

            return shape.Invalid is null ? FilterKind.None : FilterKind.Request;
        }

        if (shape.Invalid is not null)
            return FilterKind.Request;
        if (shape.Pin != -1 && shape.Pin != node)
            return FilterKind.Pin;
        if (shape.OfferedBy is { } offering)
        {
            if (offering.BinarySearch(node) < 0)
                return FilterKind.Offers;
        }
        else if (!_nodeRunners[node].AsSpan().Contains(shape.Runner))
        {
            return FilterKind.Runner;
        }

        foreach (int[] values in shape.Labels)
        {
            if (!_nodeLabels[node].AsSpan().ContainsAny(values))
                return FilterKind.Labels;
        }

        foreach (int taint in _nodeTaints[node])
        {
            if (!shape.Tolerations.AsSpan().Contains(taint))
                return FilterKind.Taints;
        }

        return shape.Spread is { } spread && spread.Of[node] < 0 ? FilterKind.SpreadLabel : FilterKind.None;
    }

    private static int BitLength(long amount) => 64 - BitOperations.LeadingZeroCount((ulong)amount);

    private static string PairOf(KeyValuePair<string, string> label) => PairOf(label.Key, label.Value);

    // The length keeps "a" = "b=c" and "a=b" = "c" apart.
    private static string PairOf(string key, string value) => $"{key.Length}:{key}={value}";
}
