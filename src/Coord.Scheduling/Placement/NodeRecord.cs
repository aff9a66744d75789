namespace Coord.Scheduling.Placement;

/// <summary>A node of a snapshot: what it says of itself, and what it reports. Immutable.</summary>
internal sealed record NodeRecord(NodeSpec Spec, IReadOnlyList<ResourceAmount> Reported);
