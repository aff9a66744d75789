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

        LeaveStuck(slots);
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
        if (_peers.ConflictIn(together) is null
            && TryPlace(new PlacementTask(together, _peers.ShapeOf(together), _peers.NodesFor(together))))
        {
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
    private void LeaveStuck(int[] slots)
    {
        foreach (int slot in slots)
        {
            ref Slot state = ref _state.Slots[slot];
            if (state is not { Node: Slot.Nowhere, Reason: PlacementReason.NodeDraining } || _state.Absent >= 0)
                continue;

            CompiledShape shape = _state.ShapeOf(slot);
            if (_model.Allowed(shape, state.From) != FilterKind.None
                || _state.ShareWith(shape, state.From) == PickTree.Never
                || _state.HasConflict(state.Unit, state.From))
            {
                continue;
            }

            state.IsStuck = true;
            _state.Place(slot, state.From);
        }
    }

    /// <summary>Lets new units take the place of those that they replace.</summary>
    private void TakeOver(List<int> open)
    {
        foreach (int slot in InOrder(open.FindAll(ReplacesOthers)))
        {
            int[] places = [.. Replaced(_state.Slots[slot].Unit).Select(other => _state.Slots[other].Node).Distinct()];
            if (places.Length == 0)
                continue;

            Array.Sort(places);
            int best = -1;
            long bestTotal = PickTree.Never;
            PlacementTask task = new([slot], _state.ShapeOf(slot));
            foreach (int node in places)
            {
                int[] evicted = Evict(slot, node);
                long total = CostWithout(task, node);
                foreach (int other in evicted)
                    _state.Place(other, node);
                if (total < bestTotal)
                    (best, bestTotal) = (node, total);
            }

            _state.Slots[slot].Tried = _round + 1; // If it can take no place, it waits: others are not for it.
            if (best < 0)
            {
                _verdicts[slot] = $"None of the {places.Length} nodes of the units that it replaces can run it.";
                continue;
            }

            foreach (int other in Evict(slot, best))
            {
                _state.Slots[other].Reason = PlacementReason.Replaced;
                open.Add(other);
            }

            _state.Place(slot, best);
        }
    }

    private bool ReplacesOthers(int slot) =>
        !_state.Slots[slot].HasHome
        && _model.Units[_state.Slots[slot].Unit].Spec!.Constraints.Replaces.Count > 0
        && _state.Slots[slot].Target == Slot.Nowhere;

    // Units that replace each other would do so for ever: they merely do not share a node.
    private IEnumerable<int> Replaced(int unit)
    {
        string name = _model.Units[unit].Name.Value;
        IReadOnlyList<string> patterns = _model.Units[unit].Spec!.Constraints.Replaces;
        for (int other = 0; other < _state.Slots.Length; other++)
        {
            int otherUnit = _state.Slots[other].Unit;
            if (_state.Slots[other].Node >= 0
                && otherUnit != unit
                && patterns.Any(pattern => Glob.Matches(pattern, _model.Units[otherUnit].Name.Value))
                && !_model.Units[otherUnit].Spec!.Constraints.Replaces.Any(pattern => Glob.Matches(pattern, name)))
            {
                yield return other;
            }
        }
    }

    private int[] Evict(int slot, int node)
    {
        int[] evicted =
            [.. Replaced(_state.Slots[slot].Unit).Where(other => _state.Slots[other].Node == node)];
        foreach (int other in evicted)
            _state.Take(other);
        return evicted;
    }

    private long CostWithout(PlacementTask task, int node)
    {
        if (_model.FirstFailure(task.Shape, node) != FilterKind.None)
            return PickTree.Never;
        _picker.Reset();
        long cost = StrategyCost.Of(_options.Strategy, _state, task.Shape, node);
        return cost == PickTree.Never || _picker.FirstFailure(task, node) != FilterKind.None
            ? PickTree.Never
            : _picker.Total(task, node, cost);
    }
}
