namespace Coord.Scheduling.Placement;

/// <summary>What is to be put on one node, all of it or nothing: a slot, or several that must be together.</summary>
/// <param name="Slots">The slots.</param>
/// <param name="Shape">What they need together.</param>
/// <param name="Only">The only nodes that come into question, in order; null if any may.</param>
internal sealed record PlacementTask(int[] Slots, CompiledShape Shape, int[]? Only = null);
