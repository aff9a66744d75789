namespace Coord.Scheduling.Placement;

/// <summary>What speaks against a node. The lowest sum wins.</summary>
/// <param name="Node">The node.</param>
/// <param name="Total">The sum.</param>
/// <param name="Slots">How many slots it had: of equal sums the fewest win, and then the lowest name.</param>
/// <param name="Costs">What the strategy and each score added, the strategy first.</param>
public sealed record ScoredNode(NodeName Node, long Total, int Slots, IReadOnlyList<PlugInCost> Costs)
{
    /// <summary>Returns the form that texts use, such as <c>n1 (least-loaded 1073741824)</c>.</summary>
    public override string ToString() =>
        $"{Node} ({string.Join(" + ", Costs.Select(cost => $"{cost.PlugIn} {cost.Cost}"))})";
}
