using Coord.Scheduling.Codec;

namespace Coord.Scheduling.Reconciler;

/// <summary>An assignment as the store has it. Immutable.</summary>
/// <param name="Node">The node.</param>
/// <param name="Slot">The slot.</param>
/// <param name="Value">What the key holds.</param>
/// <param name="ModRevision">The key's mod revision.</param>
internal sealed record SlotView(NodeName Node, SlotId Slot, AssignmentValue Value, long ModRevision)
{
    /// <summary>Gets the runner's token.</summary>
    public long Token => Value.Token.Value == 0 ? ModRevision : Value.Token.Value;
}
