namespace Coord.Scheduling.Placement;

internal sealed partial class PlanRun
{
    private readonly List<int> _placed = []; // since a node was thought away

    /// <summary>Carries the plan out in mind, and then thinks each node away in turn, and back.</summary>
    /// <remarks>Instead of <see cref="Run"/>. What is known of the nodes is kept: only what one loss moves is
    /// undone.</remarks>
    public void Forecast(NodeLossForecast[] forecasts, int first, int step)
    {
        Run();
        int[] slots = InOrder([.. Enumerable.Range(0, _state.Slots.Length)]);
        List<int>[] slotsOn = new List<int>[_model.Nodes.Length];
        for (int node = 0; node < slotsOn.Length; node++)
            slotsOn[node] = [];
        foreach (int slot in slots)
        {
            if (_state.Slots[slot] is { Node: >= 0 and int node })
                slotsOn[node].Add(slot);
        }

        // The loss of the last node of a domain may let slots in that were spread too unevenly until then.
        int[] waiting = Array.FindAll(
            slots, slot => _state.Slots[slot] is { Node: Slot.Nowhere, IsHeld: false, Target: Slot.Nowhere }
                && _state.ShapeOf(slot).Spread is not null);
        int[] busiest = [.. Enumerable.Range(0, slotsOn.Length).OrderByDescending(_state.ShareNow)];
        for (int node = first; node < slotsOn.Length; node += step)
        {
            int other = busiest.Length == 1 ? Slot.Nowhere : busiest[0] == node ? busiest[1] : busiest[0];
            int[] lost = [.. slotsOn[node]];
            forecasts[node] = Lose(node, lost, waiting.Length == 0 ? lost : Merge(lost, waiting, slots), other);
        }
    }

    private static int[] Merge(int[] lost, int[] waiting, int[] inOrder)
    {
        HashSet<int> open = [.. lost, .. waiting];
        return Array.FindAll(inOrder, open.Contains);
    }

    private NodeLossForecast Lose(int node, int[] lost, int[] open, int busiest)
    {
        int point = _state.Log.Count;
        _placed.Clear();
        _state.Absent = node;
        foreach (int slot in lost)
            _state.Take(slot);
        _picker.Refresh(node);

        // A slot that was for this node alone is not missed: with the node its place is gone.
        int[] moving = Array.FindAll(lost, slot => _state.Slots[slot].Target == Slot.Nowhere);
        Place(Array.FindAll(open, slot => _state.Slots[slot].Target == Slot.Nowhere));
        int unplaced = moving.Count(slot => _state.Slots[slot].Node == Slot.Nowhere);

        // All others carry what they carried before.
        long highest = busiest < 0 ? 0 : _state.ShareNow(busiest);
        foreach (int slot in _placed)
        {
            int at = _state.Slots[slot].Node;
            if (_state.ShareNow(at) is long share && (share > highest || (share == highest && at < busiest)))
                (highest, busiest) = (share, at);
        }

        foreach (int slot in _placed)
            _state.Take(slot);
        foreach (int slot in lost)
            _state.Place(slot, node);
        _picker.RollBack(point);
        _state.Log.RemoveRange(point, _state.Log.Count - point);
        _state.Absent = -1;
        _picker.Refresh(node);
        return new NodeLossForecast(
            NameOf(node), moving.Length - unplaced, unplaced, highest, busiest < 0 ? default : NameOf(busiest));
    }
}
