namespace Coord.Scheduling.Placement;

internal sealed partial class PlanRun
{
    // Of a node with more slots than this, not all are tried for each move.
    private const int MaxTriedPerMove = 1024;

    /// <summary>Moves slots off the busiest node, for as long as that lowers its share and the budget lasts.</summary>
    /// <remarks>
    /// Of each move only two nodes learn: the busiest gets less busy, and the other one stays below what the busiest
    /// was. So the highest share never rises, and as the shares of all nodes in falling order get less with each move,
    /// moves end.
    /// </remarks>
    private void Rebalance()
    {
        if (_options.RebalanceBudget <= 0 || _model.Nodes.Length < 2)
            return;

        List<int>[] slotsOn = new List<int>[_model.Nodes.Length];
        for (int node = 0; node < slotsOn.Length; node++)
            slotsOn[node] = [];
        for (int slot = 0; slot < _state.Slots.Length; slot++)
        {
            if (_state.Slots[slot].Node >= 0 && IsMovable(slot))
                slotsOn[_state.Slots[slot].Node].Add(slot);
        }

        for (int moves = 0; moves < _options.RebalanceBudget; moves++)
        {
            int busiest = FindBusiest();
            if (FindMove(slotsOn[busiest], busiest) is not (int slot, int node))
                return;

            _state.Take(slot);
            _state.Place(slot, node);
            ref Slot moved = ref _state.Slots[slot];
            if (moved.From == busiest)
                moved.Reason = PlacementReason.Rebalanced;
            slotsOn[busiest].Remove(slot);
            slotsOn[node].Add(slot);
        }
    }

    private bool IsMovable(int slot) =>
        _state.Slots[slot] is { Target: Slot.Nowhere, IsStuck: false } && !_peers.HasPeers(_state.Slots[slot].Unit);

    private int FindBusiest()
    {
        int busiest = 0;
        long highest = -1;
        for (int node = 0; node < _model.Nodes.Length; node++)
        {
            if (_state.ShareNow(node) is long share && share > highest)
                (busiest, highest) = (node, share);
        }

        return busiest;
    }

    // The move that leaves the higher one of both nodes the least busy; of equal ones the first slot.
    private (int Slot, int Node)? FindMove(List<int> slots, int busiest)
    {
        (int, int)? best = null;
        long lowest = _state.ShareNow(busiest);
        slots.Sort();
        foreach (int slot in slots.Take(MaxTriedPerMove))
        {
            PlacementTask task = new([slot], _state.ShapeOf(slot));
            _state.Take(slot);
            int node = _picker.Pick(task);
            if (node >= 0 && node != busiest)
            {
                long higher = Math.Max(_state.ShareNow(busiest), _state.ShareWith(task.Shape, node));
                if (higher < lowest)
                    (best, lowest) = ((slot, node), higher);
            }

            _state.Place(slot, busiest);
        }

        return best;
    }
}
