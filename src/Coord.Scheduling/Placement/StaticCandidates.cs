namespace Coord.Scheduling.Placement;

/// <summary>The nodes that may run a shape, whatever is on them. Immutable.</summary>
internal sealed class StaticCandidates
{
    public StaticCandidates(PlacementModel model, CompiledShape shape)
    {
        List<int> nodes = [];
        for (int node = 0; node < model.Nodes.Length; node++)
        {
            FilterKind failure = model.FirstFailure(shape, node);
            Removed[(int)failure]++;
            if (failure == FilterKind.None)
                nodes.Add(node);
        }

        Nodes = [.. nodes];
        if (shape.Spread is not { } spread)
            return;

        NodesPerDomain = new int[spread.Count];
        foreach (int node in Nodes)
        {
            if (NodesPerDomain[spread.Of[node]]++ == 0)
                DomainCount++;
        }
    }

    /// <summary>Gets the nodes, in their order.</summary>
    public int[] Nodes { get; }

    /// <summary>Gets how many nodes each static filter removed.</summary>
    public int[] Removed { get; } = new int[(int)FilterKind.Custom];

    /// <summary>Gets how many of the nodes are in each domain of the shape's spread; empty without one.</summary>
    public int[] NodesPerDomain { get; } = [];

    /// <summary>Gets how many domains have a node.</summary>
    public int DomainCount { get; }
}
