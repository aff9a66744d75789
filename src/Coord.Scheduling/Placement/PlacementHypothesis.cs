namespace Coord.Scheduling.Placement;

/// <summary>Something that might happen to a cluster. Immutable; what is not set does not happen.</summary>
public sealed record PlacementHypothesis
{
    /// <summary>Gets the nodes that are lost.</summary>
    public IReadOnlyList<NodeName> LostNodes { get; init; } = [];

    /// <summary>Gets labels of which all nodes with one of the values are lost: a zone, or a rack.</summary>
    public IReadOnlyList<Requirement> LostLabels { get; init; } = [];

    /// <summary>Gets the nodes that are added.</summary>
    public IReadOnlyList<NodeSpec> NewNodes { get; init; } = [];

    /// <summary>Gets the units that are added, or changed if there are units of their names.</summary>
    public IReadOnlyList<UnitSpec> NewUnits { get; init; } = [];

    /// <summary>
    /// Gets units of which copies are added beside the unit itself; their names end in <c>:1</c>, <c>:2</c> and so on.
    /// </summary>
    public IReadOnlyList<UnitCopies> NewCopies { get; init; } = [];

    /// <summary>Makes the snapshot that there would be.</summary>
    /// <param name="snapshot">What there is.</param>
    /// <exception cref="ArgumentException">A copy would have too long a name.</exception>
    public PlacementSnapshot ApplyTo(PlacementSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        PlacementSnapshotBuilder builder = snapshot.ToBuilder();
        foreach (NodeName node in LostNodes)
            builder.RemoveNode(node);
        foreach (NodeRecord node in snapshot.Nodes)
        {
            if (LostLabels.Any(lost => node.Spec.Labels.TryGetValue(lost.Key, out string? value)
                && lost.Values.Contains(value)))
                builder.RemoveNode(node.Spec.Name);
        }

        foreach (NodeSpec node in NewNodes)
            builder.SetNode(node);
        foreach (UnitSpec unit in NewUnits)
            builder.SetUnit(unit);
        foreach (UnitCopies copies in NewCopies)
        {
            for (int i = 1; i <= copies.Count; i++)
                builder.SetUnit(copies.Unit with { Name = new UnitName($"{copies.Unit.Name}:{i}") });
        }

        return builder.Build();
    }
}
