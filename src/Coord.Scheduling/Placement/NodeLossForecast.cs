namespace Coord.Scheduling.Placement;

/// <summary>What the loss of one node would mean. Immutable.</summary>
/// <param name="Node">The node.</param>
/// <param name="Moved">How many of its slots other nodes would take.</param>
/// <param name="Unplaced">How many of its slots no other node could take.</param>
/// <param name="HighestShare">The dominant share of the busiest node that is left, after that.</param>
/// <param name="Busiest">That node; none if none is left.</param>
public readonly record struct NodeLossForecast(
    NodeName Node, int Moved, int Unplaced, long HighestShare, NodeName Busiest);
