namespace Coord.Scheduling.Placement;

/// <summary>The strategies that Coord has. All are stateless and can be shared.</summary>
public static class PlacementStrategies
{
    /// <summary>Gets the default: the node whose dominant share would be the lowest with the slot.</summary>
    /// <remarks>
    /// <para>
    /// With one resource and no constraints, a plan from scratch leaves the highest share at most at the average share
    /// plus the largest unit over the smallest node, up to the rounding of shares. Argument: let the fullest node h
    /// have got its last unit, of size s, when node j carried L(j) of its capacity c(j). h was taken, so for each j
    /// (L(h) + s) / c(h) is at most (L(j) + s) / c(j). Multiply by c(j) and sum over all n nodes: the share of h times
    /// the whole capacity C is at most all that was placed before plus n times s. So h's share is at most the average
    /// share plus n s / C, and C is at least n times the smallest node. Nodes on which the unit did not fit had a share
    /// above one with it, so the inequality holds for them as well.
    /// </para>
    /// <para>
    /// What was there before a plan is not moved for it: then the bound holds for each node that the plan gave
    /// something, and no other node's share has grown.
    /// </para>
    /// </remarks>
    public static IPlacementStrategy LeastLoaded { get; } = new LeastLoadedStrategy();

    /// <summary>Gets fleet's rule: the node with the fewest slots, ties by name; units in the order of names.</summary>
    public static IPlacementStrategy FewestUnits { get; } = new FewestUnitsStrategy();

    /// <summary>
    /// Gets the opposite of the default: the fullest node that still has room, so that others stay empty.
    /// </summary>
    public static IPlacementStrategy BinPack { get; } = new BinPackStrategy();

    /// <summary>
    /// Gets the default, but first of all the nodes that have the fewest slots of the same unit. A wish: unlike
    /// <see cref="UnitConstraints.Spread"/> it never leaves a slot without a node.
    /// </summary>
    public static IPlacementStrategy Spread { get; } = new SpreadStrategy();

    /// <summary>Finds a strategy by its name; null if Coord has none of that name.</summary>
    /// <param name="name">The name, such as <c>least-loaded</c>.</param>
    public static IPlacementStrategy? Find(string name)
    {
        IPlacementStrategy[] all = [LeastLoaded, FewestUnits, BinPack, Spread];
        return Array.Find(all, strategy => strategy.Name == name);
    }

    private sealed class LeastLoadedStrategy : IPlacementStrategy
    {
        public string Name => "least-loaded";

        public bool LargestFirst => true;

        public long Cost(in NodeLoad load) => load.ShareAfter;
    }

    private sealed class FewestUnitsStrategy : IPlacementStrategy
    {
        public string Name => "fewest-units";

        public bool LargestFirst => false;

        public long Cost(in NodeLoad load) => load.Slots;
    }

    private sealed class BinPackStrategy : IPlacementStrategy
    {
        // Reported load can be above the capacity, so shares can be above one; the planner bounds them at this.
        private const long Highest = long.MaxValue >> 1;

        public string Name => "bin-pack";

        public bool LargestFirst => true;

        public long Cost(in NodeLoad load) => Highest - load.ShareAfter;
    }

    private sealed class SpreadStrategy : IPlacementStrategy, IPlacementScore
    {
        public string Name => "spread";

        public bool LargestFirst => true;

        public long Cost(in NodeLoad load) => load.ShareAfter;

        // One slot of the same unit weighs as much as 4,096 full nodes: more than any difference of shares that counts.
        public long Cost(in PlacementCandidate candidate) => candidate.SlotsOfUnit * (NodeLoad.Whole << 12);
    }
}
