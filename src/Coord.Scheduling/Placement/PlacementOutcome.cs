namespace Coord.Scheduling.Placement;

/// <summary>What a plan is made of.</summary>
internal sealed record PlacementOutcome(
    IReadOnlyList<PlacementChange> Changes,
    IReadOnlyList<UnplacedSlot> Unplaced,
    IReadOnlyList<SlotId> Held,
    IReadOnlyList<PlacementDecision> Decisions,
    ClusterLoad Before,
    ClusterLoad After);
