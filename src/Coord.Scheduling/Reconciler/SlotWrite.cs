using Coord.Kv;

namespace Coord.Scheduling.Reconciler;

/// <summary>What is to be written for one slot, all or nothing: conditions, and operations. Immutable.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Conditions">What must still be as it was seen.</param>
/// <param name="Operations">What is written then.</param>
internal sealed record SlotWrite(
    SlotId Slot, IReadOnlyList<Comparison> Conditions, IReadOnlyList<Operation> Operations);
