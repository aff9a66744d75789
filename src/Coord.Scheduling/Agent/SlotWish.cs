namespace Coord.Scheduling.Agent;

/// <summary>What a slot's actor is to bring about. Immutable; the last one counts.</summary>
/// <param name="Assignment">What to run; the one to end, where it is to end.</param>
/// <param name="ModRevision">The mod revision of the assignment's key.</param>
/// <param name="End">Whether to run it, and if not, how to end it.</param>
internal sealed record SlotWish(Assignment Assignment, long ModRevision, SlotEnd End);
