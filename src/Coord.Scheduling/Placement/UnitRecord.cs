namespace Coord.Scheduling.Placement;

/// <summary>A unit of a snapshot. Immutable.</summary>
/// <param name="Name">The unit.</param>
/// <param name="Spec">What it wants; null if it is gone and slots of it are still assigned.</param>
/// <param name="Shape">What it asks of a node; null if it is gone.</param>
/// <param name="Numbers">The slots that are wanted, in order; null for those that its kind has.</param>
/// <param name="Assigned">Where its slots are, in the order of numbers.</param>
internal sealed record UnitRecord(
    UnitName Name, UnitSpec? Spec, UnitShape? Shape, int[]? Numbers, AssignedSlot[] Assigned)
{
    /// <summary>Gets a value indicating whether there is nothing to know of it any longer.</summary>
    public bool IsVoid => Spec is null && Assigned.Length == 0;
}

/// <summary>Where one slot of a unit is.</summary>
internal readonly record struct AssignedSlot(int Number, NodeName Node);
