namespace Coord.Scheduling.Placement;

/// <summary>How plans are made. Immutable; part of what a plan depends on.</summary>
public sealed record PlannerOptions
{
    /// <summary>Gets what picks among the nodes that may run a slot.</summary>
    /// <value><see cref="PlacementStrategies.LeastLoaded"/> by default.</value>
    public IPlacementStrategy Strategy { get; init; } = PlacementStrategies.LeastLoaded;

    /// <summary>Gets filters beside those that Coord has.</summary>
    public IReadOnlyList<IPlacementFilter> Filters { get; init; } = [];

    /// <summary>Gets what is added to the strategy's cost.</summary>
    public IReadOnlyList<IPlacementScore> Scores { get; init; } = [];

    /// <summary>Gets how many slots a plan may move only to make nodes more even.</summary>
    /// <value>0 by default: nothing moves without need.</value>
    /// <remarks>
    /// Each such move takes a slot off the busiest node and lowers that node's share, and no plan raises the highest
    /// share by them.
    /// </remarks>
    public int RebalanceBudget { get; init; }

    /// <summary>
    /// Gets a value indicating whether slots of nodes that are gone wait instead of moving: what <see
    /// cref="MassLossBrake"/> decides.
    /// </summary>
    public bool HoldLostNodes { get; init; }

    /// <summary>Gets for how many of its changes a plan keeps the full decision.</summary>
    /// <value>0 by default. Each takes a look at every node.</value>
    public int MaxDecisions { get; init; }

    /// <summary>Gets how many slots one unit may have.</summary>
    /// <value>1,000,000 by default. A unit that wants more keeps those that it has, and gets no others.</value>
    public int MaxSlotsPerUnit { get; init; } = 1_000_000;
}
