using Coord.Kv.Coordination;

namespace Coord.Scheduling;

/// <summary>
/// A slot given to a life of a node. Immutable; kept in the store under <c>assign/</c>, where the node sees it.
/// </summary>
/// <param name="Slot">Which place of which unit.</param>
/// <param name="Node">Who runs it.</param>
/// <param name="Incarnation">In which life: an assignment to an earlier life of the node is void.</param>
/// <param name="Token">
/// The revision of the transaction that made this node the slot's runner. Of two runners the one with the smaller token
/// is no longer valid.
/// </param>
/// <param name="SpecRevision">The revision of the spec that is to be run.</param>
/// <param name="Target">Whether to start it, or only to load it.</param>
public sealed record Assignment(
    SlotId Slot, NodeName Node, long Incarnation, FencingToken Token, long SpecRevision, UnitState Target);
