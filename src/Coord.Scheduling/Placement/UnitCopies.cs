namespace Coord.Scheduling.Placement;

/// <summary>A unit, and how many copies of it there shall be under other names. Immutable.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Count">How many copies.</param>
public sealed record UnitCopies(UnitSpec Unit, int Count);
