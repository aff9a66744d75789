namespace Coord.Scheduling.Placement;

/// <summary>How busy the nodes are, in shares as <see cref="NodeLoad.Whole"/> counts them. Immutable.</summary>
/// <param name="HighestShare">The dominant share of the busiest node.</param>
/// <param name="MeanShare">The mean of all nodes' dominant shares.</param>
/// <param name="Busiest">The busiest node, the lowest name of several; none if there are no nodes.</param>
/// <param name="Slots">How many slots are on nodes.</param>
public readonly record struct ClusterLoad(long HighestShare, long MeanShare, NodeName Busiest, long Slots);
