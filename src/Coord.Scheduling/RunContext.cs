using Coord.Kv.Coordination;

namespace Coord.Scheduling;

/// <summary>What a runner is told of a slot that it is to start.</summary>
/// <param name="Slot">Which place of which unit.</param>
/// <param name="Spec">The unit.</param>
/// <param name="Node">This node.</param>
/// <param name="Token">
/// To be given to whatever the unit changes outside of the store; child processes find it in
/// <c>COORD_FENCING_TOKEN</c>.
/// </param>
/// <param name="Observer">Whom to tell what happens.</param>
public sealed record RunContext(
    SlotId Slot, UnitSpec Spec, NodeName Node, FencingToken Token, IRunObserver Observer);
