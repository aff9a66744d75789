namespace Coord.Scheduling.Placement;

/// <summary>A slot that is to be placed, and a node that might run it.</summary>
/// <remarks>Valid only during the call that it is given to: the plan goes on afterwards.</remarks>
public readonly struct PlacementCandidate
{
    private readonly PlacementState _state;
    private readonly int _node;
    private readonly int _slot;

    internal PlacementCandidate(PlacementState state, int slot, in NodeLoad load, int node)
    {
        _state = state;
        _slot = slot;
        _node = node;
        Load = load;
    }

    /// <summary>Gets the slot.</summary>
    public SlotId Slot => _state.IdOf(_slot);

    /// <summary>Gets the unit of the slot.</summary>
    public UnitSpec Unit => _state.Model.Units[_state.Slots[_slot].Unit].Spec!;

    /// <summary>Gets the node, and what is on it by now.</summary>
    public NodeLoad Load { get; }

    /// <summary>Gets the number of slots of the same unit that are on the node by now.</summary>
    public int SlotsOfUnit => _state.CountOf(_state.Slots[_slot].Unit, _node);

    /// <summary>Says whether a slot of some unit is on the node by now.</summary>
    /// <param name="unit">The unit.</param>
    public bool Hosts(UnitName unit) =>
        _state.Model.FindUnit(unit) is >= 0 and int index && _state.CountOf(index, _node) > 0;
}
