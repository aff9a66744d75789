namespace Coord.Scheduling.Placement;

/// <summary>Adds to what the strategy says against a node. The lowest sum wins.</summary>
/// <remarks>
/// A pure function, as <see cref="IPlacementFilter"/> is. Nodes are asked for in the order of the strategy, and only as
/// long as the strategy's own cost leaves room below the best sum found: small costs keep placing fast, and large ones
/// still give the exact best.
/// </remarks>
public interface IPlacementScore
{
    /// <summary>Gets the name that explanations use.</summary>
    string Name { get; }

    /// <summary>
    /// Gets what speaks against the node. Not negative: less than zero counts as zero. <see cref="NodeLoad.Whole"/>
    /// weighs as much as a full node does against an empty one.
    /// </summary>
    /// <param name="candidate">The slot, the node, and what is on the node by now.</param>
    long Cost(in PlacementCandidate candidate);
}
