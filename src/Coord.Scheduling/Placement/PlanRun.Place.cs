namespace Coord.Scheduling.Placement;

internal sealed partial class PlanRun
{
    private readonly List<int> _missedPeer = [];

    /// <summary>Places slots, one after the other.</summary>
    private void Place(int[] slots)
    {
        _round++;
        _missedPeer.Clear();
        foreach (int slot in slots)
            PlaceOne(slot);

        // What must be beside a slot that was placed only later has found nothing.
        for (bool hasFound = true; hasFound && _missedPeer.Count > 0;)
        {
            hasFound = false;
            int[] again = [.. _missedPeer];
            _missedPeer.Clear();
            foreach (int slot in again)
            {
                if (_state.Slots[slot].Node == Slot.Nowhere)
                    hasFound |= PlaceAlone(slot);
            }
        }
    }

    private void PlaceOne(int slot)
    {
        ref Slot state = ref _state.Slots[slot];
        if (state.Node != Slot.Nowhere || state.Tried == _round)
            return;

        int[] together = state.Target == Slot.Nowhere ? _peers.Together(slot) : [slot];
        if (together.Length == 1)
        {
            PlaceAlone(slot);
            return;
        }

        foreach (int member in together)
            _state.Slots[member].Tried = _round;
        PlacementTask task = new(together, _peers.ShapeOf(together), _peers.NodesFor(together));
        if (_peers.ConflictIn(together) is null && TryPlace(task))
            return;

        // Where their node wants to leave and no other takes them all, they stay together until it does.
        int from = _state.Slots[slot].From;
        if (from != Slot.Nowhere && _model.Nodes[from].Spec.IsDraining
            && Array.TrueForAll(together, member => _state.Slots[member].From == from))
        {
            foreach (int member in together)
                _verdicts[member] = _recorder.VerdictOf(task);
            return;
        }

        // One that cannot be placed must not keep those away that do without it: only it needs to be beside them.
        foreach (int member in together.OrderBy(_peers.Depth))
            PlaceAlone(member);
    }

    private bool PlaceAlone(int slot)
    {
        _state.Slots[slot].Tried = _round;
        int[]? only = _state.Slots[slot].Target is >= 0 and int target ? [target] : _peers.NodesFor([slot]);
        if (TryPlace(new PlacementTask([slot], _state.ShapeOf(slot), only)))
            return true;
        if (_model.SameNodeAs[_state.Slots[slot].Unit] >= 0)
            _missedPeer.Add(slot);
        return false;
    }

    private bool TryPlace(PlacementTask task)
    {
        int node = _picker.Pick(task);
        _recorder.Offer(task, node);
        if (node < 0)
        {
            if (_state.Absent < 0)
                Judge(task);
            return false;
        }

        foreach (int slot in task.Slots)
        {
            _state.Place(slot, node);
            _verdicts.Remove(slot);
        }

        _placements++;
        if (_state.Absent >= 0)
            _placed.AddRange(task.Slots);
        _picker.Placed(task, node);
        return true;
    }

    private void Judge(PlacementTask task)
    {
        if (task.Slots.Length > 1)
            return; // Each is tried alone then.

        int slot = task.Slots[0];
        int target = _state.Slots[slot].Target;
        if (target == Slot.Nowhere)
        {
            _verdicts[slot] = _recorder.VerdictOf(task);
            return;
        }

        // A node that a global unit does not match, for whatever is on it, is not a place that it misses.
        if (_state.ShareWith(task.Shape, target) == PickTree.Never
            || _picker.FirstFailure(task, target) == FilterKind.Conflicts)
        {
            _verdicts[slot] = $"Node {NameOf(target)} cannot run it: {_recorder.VerdictOn(task, target)}.";
        }
    }

    /// <summary>Lets slots stay on a node that wants to leave, if there is no other for them.</summary>
    private void LeaveStuck(List<int> slots)
    {
        if (_state.Absent >= 0)
            return;

        foreach (int slot in slots.Where(slot => _state.Slots[slot].Reason == PlacementReason.NodeDraining)
            .OrderBy(_peers.Depth))
        {
            ref Slot state = ref _state.Slots[slot];
            CompiledShape shape = _state.ShapeOf(slot);
            int peer = _model.SameNodeAs[state.Unit];
            if (state.Node != Slot.Nowhere
                || _model.Allowed(shape, state.From) != FilterKind.None
                || _state.ShareWith(shape, state.From) == PickTree.Never
                || _state.HasConflict(state.Unit, state.From)
                || (peer != PlacementModel.NoUnit && (peer < 0 || _state.CountOf(peer, state.From) == 0)))
            {
                continue;
            }

            state.IsStuck = true;
            _state.Place(slot, state.From);
        }
    }
}
