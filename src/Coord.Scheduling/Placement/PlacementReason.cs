namespace Coord.Scheduling.Placement;

/// <summary>Why a plan starts, moves or stops a slot.</summary>
public enum PlacementReason
{
    /// <summary>The slot is new, or had no node until now.</summary>
    New,

    /// <summary>Its node is gone.</summary>
    NodeLost,

    /// <summary>Its node wants to leave.</summary>
    NodeDraining,

    /// <summary>Its node, or what is on it, no longer satisfies the unit.</summary>
    Unsatisfied,

    /// <summary>Another unit took its place by <see cref="UnitConstraints.Replaces"/>.</summary>
    Replaced,

    /// <summary>It moves to a less busy node, within the budget for that.</summary>
    Rebalanced,

    /// <summary>Nobody wants it any longer: the unit is gone or inactive, or has fewer slots.</summary>
    NotWanted,
}
