namespace Coord.Scheduling.Placement;

/// <summary>A slot that is wanted and for which no node was found.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="StaysOn">
/// The draining node on which it stays for now, since no other may run it; none if it runs nowhere.
/// </param>
/// <param name="Verdict">Why, in one sentence for people: how many nodes each filter removed.</param>
public sealed record UnplacedSlot(SlotId Slot, NodeName StaysOn, string Verdict);
