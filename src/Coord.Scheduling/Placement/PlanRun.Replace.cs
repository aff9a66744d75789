namespace Coord.Scheduling.Placement;

internal sealed partial class PlanRun
{
    // Nobody replaces, even around a circle, what replaces it, so that this ends by itself; but who must be on one node
    // with others can be driven around by them.
    private const int MaxTaken = 16;

    private readonly HashSet<int> _waiting = []; // for a place that they could take
    private readonly Dictionary<int, int> _taken = []; // how many places each has taken

    /// <summary>
    /// Lets new units take the place of those that they replace. What they evict is added to the open slots, and they
    /// are removed from them, whether they got a place or wait for one. Says whether there is now more to place.
    /// </summary>
    private bool TakeOver(List<int> open, bool areLast)
    {
        bool hasMore = false;
        foreach (int slot in InOrder(open.FindAll(slot => MayTakeOver(slot, areLast))))
        {
            List<int> replaced = [.. Replaced(_state.Slots[slot].Unit)];
            if (replaced.Count == 0)
            {
                hasMore |= _waiting.Remove(slot);
                continue;
            }

            open.Remove(slot);
            int[] places = [.. replaced.Select(other => _state.Slots[other].Node).Distinct().Order()];
            PlacementTask task = new([slot], _state.ShapeOf(slot), places);
            int node = FindPlace(task, replaced);
            if (node < 0)
            {
                _recorder.Offer(task, node);
                _waiting.Add(slot);
                _verdicts[slot] = "None of the nodes of the units that it replaces can run it.";
                continue;
            }

            int[] evicted = Evict(replaced, node);
            _picker.Reset();
            _recorder.Offer(task, node);
            foreach (int other in evicted)
            {
                if (_state.Slots[other].From != Slot.Nowhere)
                    _state.Slots[other].Reason = PlacementReason.Replaced;
                open.Add(other);
            }

            _state.Place(slot, node);
            _taken[slot] = _taken.GetValueOrDefault(slot) + 1;
            _verdicts.Remove(slot);
            open.AddRange(TakeThoseLeftAlone());
            hasMore = true;
        }

        return hasMore;
    }

    // A unit takes a place when it is new. When it loses its node later on, it goes where there is room, and only if
    // there is none it takes a place again: else each lost node would move slots of other nodes as well.
    private bool MayTakeOver(int slot, bool isLast) =>
        (isLast || !_state.Slots[slot].HasHome)
        && _taken.GetValueOrDefault(slot) < MaxTaken
        && _model.Units[_state.Slots[slot].Unit].Spec!.Constraints.Replaces.Count > 0
        && _state.Slots[slot].Target == Slot.Nowhere;

    private IEnumerable<int> Replaced(int unit)
    {
        foreach (int other in _replacements.Of(unit))
        {
            for (int slot = _state.FirstSlot[other]; slot < _state.FirstSlot[other + 1]; slot++)
            {
                if (_state.Slots[slot] is { Node: >= 0, IsStuck: false })
                    yield return slot;
            }
        }
    }

    private int FindPlace(PlacementTask task, List<int> replaced)
    {
        int best = -1;
        long bestTotal = PickTree.Never;
        foreach (int node in task.Only!)
        {
            int[] evicted = Evict(replaced, node);
            long total = CostOf(task, node);
            foreach (int other in evicted)
                _state.Place(other, node);
            if (total < bestTotal)
                (best, bestTotal) = (node, total);
        }

        return best;
    }

    private int[] Evict(List<int> replaced, int node)
    {
        int[] evicted = [.. replaced.Where(other => _state.Slots[other].Node == node)];
        foreach (int other in evicted)
            _state.Take(other);
        return evicted;
    }

    private long CostOf(PlacementTask task, int node)
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
