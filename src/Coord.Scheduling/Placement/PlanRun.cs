using System.Diagnostics;

namespace Coord.Scheduling.Placement;

/// <summary>Makes one plan.</summary>
/// <remarks>
/// <list type="number">
/// <item>What is where it may be stays there: slots are let in by priority, until they no longer go together.</item>
/// <item>Units that take the place of others take it.</item>
/// <item>All other slots are placed, one after the other, by priority; those that must be together at once.</item>
/// <item>A few are moved to less busy nodes, if that is wanted.</item>
/// </list>
/// Nothing that was placed is taken away again for the sake of a later slot: so each slot is looked at once.
/// </remarks>
internal sealed partial class PlanRun
{
    private readonly PlacementModel _model;
    private readonly PlannerOptions _options;
    private readonly SlotTable _table;
    private readonly PlacementState _state;
    private readonly Picker _picker;
    private readonly Peers _peers;
    private readonly Replacements _replacements;
    private readonly DecisionRecorder _recorder;
    private readonly Dictionary<int, string> _verdicts = [];
    private int _round;
    private int _placements;

    public PlanRun(PlacementSnapshot snapshot, PlannerOptions options, SlotId? probe = null)
    {
        _model = snapshot.Model;
        _options = options;
        _table = new SlotTable(_model, options);
        _state = new PlacementState(_model, _table);
        _picker = new Picker(_state, options);
        _peers = new Peers(_state);
        _replacements = new Replacements(_model);
        _recorder = new DecisionRecorder(snapshot.Revision, _state, _picker, options, probe);
    }

    /// <summary>Gets the explanation of the slot that was asked about; null if there is no such slot.</summary>
    public PlacementExplanation? Explanation => _recorder.Explanation;

    public PlacementOutcome Run()
    {
        Admit();
        ClusterLoad before = MeasureLoad();
        PlaceAll();
        Rebalance();
        ExplainWhatStayed();
        return Collect(before);
    }

    /// <summary>Lets slots stay where they are, the most important ones first.</summary>
    private void Admit()
    {
        foreach (int slot in ByPriority())
        {
            ref Slot state = ref _state.Slots[slot];
            int node = state.From;
            if (node == Slot.Nowhere)
                continue;

            CompiledShape shape = _state.ShapeOf(slot);
            if (_model.Nodes[node].Spec.IsDraining)
                state.Reason = PlacementReason.NodeDraining;
            else if (_model.Allowed(shape, node) != FilterKind.None
                || _state.ShareWith(shape, node) == PickTree.Never
                || _state.HasConflict(state.Unit, node))
                state.Reason = PlacementReason.Unsatisfied;
            else
                _state.Place(slot, node);
        }

        TakeThoseLeftAlone();
    }

    /// <summary>A slot that leaves takes those along that must be beside it, and those in turn others.</summary>
    private List<int> TakeThoseLeftAlone()
    {
        List<int> taken = [];
        while (_peers.FindLeftAlone() is { Count: > 0 } alone)
        {
            foreach (int slot in alone)
            {
                _state.Take(slot);
                if (_state.Slots[slot].From != Slot.Nowhere)
                    _state.Slots[slot].Reason = PlacementReason.Unsatisfied;
                taken.Add(slot);
            }
        }

        return taken;
    }

    private int[] ByPriority()
    {
        int[] slots = [.. Enumerable.Range(0, _state.Slots.Length)];
        int[] priorities = [.. slots.Select(slot => PriorityOf(_state.Slots[slot].Unit))];
        if (priorities.Length > 0 && priorities.AsSpan().ContainsAnyExcept(priorities[0]))
            return [.. slots.OrderByDescending(slot => priorities[slot])]; // stable
        return slots;
    }

    private void PlaceAll()
    {
        List<int> open = OpenSlots();
        TakeOver(open, areLast: false);
        Place(InOrder(open));

        // What was placed since then may be in the place of what replaces it, whoever was evicted may replace others,
        // and a slot may find a node only now. A plan that left such a thing undone would not be the last one.
        for (int placed = -1; placed != _placements;)
        {
            placed = _placements;
            List<int> left = OpenSlots();
            if (TakeOver(left, areLast: true))
                placed = -1;
            Place(InOrder(left));
        }

        // Only now: until here any of them could still find another node.
        LeaveStuck(OpenSlots());
    }

    private List<int> OpenSlots()
    {
        List<int> open = [];
        for (int slot = 0; slot < _state.Slots.Length; slot++)
        {
            if (_state.Slots[slot] is { Node: Slot.Nowhere, IsHeld: false })
                open.Add(slot);
        }

        return open;
    }

    /// <summary>
    /// Orders slots by priority; then those first that have no choice of nodes; then larger ones, if the strategy wants
    /// it, those of one shape side by side; then by name.
    /// </summary>
    private int[] InOrder(List<int> slots)
    {
        bool bySize = _options.Strategy.LargestFirst;
        Dictionary<(long, int, long, int), int> ranks = [];
        (long, int, long, int) GroupOf(int slot)
        {
            int unit = _state.Slots[slot].Unit;
            int shape = _model.ShapeOf[unit];
            bool isGlobal = _state.Slots[slot].Target != Slot.Nowhere;
            int choice = !isGlobal ? 1 : _model.SameNodeAs[unit] == PlacementModel.NoUnit ? 0 : 2;
            return (-(long)PriorityOf(unit), choice, bySize ? -_model.Shapes[shape].Size : 0, bySize ? shape : 0);
        }

        foreach (int slot in slots)
            ranks.TryAdd(GroupOf(slot), 0);
        foreach (((long, int, long, int) group, int rank) in ranks.Keys.Order().Select((group, i) => (group, i)))
            ranks[group] = rank;

        long[] keys = [.. slots.Select(slot => ((long)ranks[GroupOf(slot)] << 32) | (uint)slot)];
        Array.Sort(keys);
        return [.. keys.Select(key => (int)key)];
    }

    private int PriorityOf(int unit) => _model.Units[unit].Spec!.Priority;

    private ClusterLoad MeasureLoad()
    {
        long highest = 0;
        UInt128 sum = 0;
        int busiest = -1;
        long slots = 0;
        for (int node = 0; node < _model.Nodes.Length; node++)
        {
            long share = _state.ShareNow(node);
            sum += (UInt128)share;
            slots += _state.SlotCount[node];
            if (busiest < 0 || share > highest)
                (busiest, highest) = (node, share);
        }

        return busiest < 0 ? default : new ClusterLoad(
            highest, (long)(sum / (UInt128)_model.Nodes.Length), _model.Nodes[busiest].Spec.Name, slots);
    }

    private void ExplainWhatStayed()
    {
        if (_recorder.Probe is not (>= 0 and int slot) || _recorder.Explanation is not null)
            return;

        int node = _state.Slots[slot].Node;
        if (node >= 0)
            _state.Take(slot);
        _recorder.Record(new PlacementTask([slot], _state.ShapeOf(slot)), node, hasStayed: node >= 0);
        if (node >= 0)
            _state.Place(slot, node);
    }

    private PlacementOutcome Collect(ClusterLoad before)
    {
        List<PlacementChange> changes = [];
        List<UnplacedSlot> unplaced = [];
        List<SlotId> held = [];
        for (int i = 0; i < _state.Slots.Length; i++)
        {
            ref Slot slot = ref _state.Slots[i];
            NodeName from = slot.From != Slot.Nowhere ? NameOf(slot.From) : slot.Lost;
            NodeName to = slot.Node == Slot.Nowhere ? default : NameOf(slot.Node);
            if (slot.IsHeld)
                held.Add(_state.IdOf(i));
            else if (from != to)
                changes.Add(new PlacementChange(_state.IdOf(i), from, to, slot.Reason));
            if (slot.IsStuck || (slot is { Node: Slot.Nowhere, IsHeld: false } && _verdicts.ContainsKey(i)))
                unplaced.Add(new UnplacedSlot(_state.IdOf(i), to, _verdicts[i]));
        }

        foreach (int unit in _table.TooLarge)
            unplaced.Add(TooLarge(unit));
        if (_table.TooLarge.Count > 0)
            unplaced.Sort((x, y) => x.Slot.CompareTo(y.Slot));
        return new PlacementOutcome(
            Merge(changes, _table.Stops), unplaced, held, _recorder.Decisions, before, MeasureLoad());
    }

    private UnplacedSlot TooLarge(int unit)
    {
        UnitSpec spec = _model.Units[unit].Spec!;
        string verdict = $"The unit asks for {spec.Count} slots, and {_options.MaxSlotsPerUnit} are the most that one "
            + "unit can have: those that it has stay, and no others are placed until it asks for fewer.";
        int first = _model.Units[unit].Assigned.Select(slot => slot.Number).Append(-1).Max() + 1;
        return new UnplacedSlot(new SlotId(spec.Name, first), default, verdict);
    }

    private NodeName NameOf(int node) => _model.Nodes[node].Spec.Name;

    // Both are in the order of slots.
    private static List<PlacementChange> Merge(List<PlacementChange> changes, List<PlacementChange> stops)
    {
        if (stops.Count == 0)
            return changes;

        List<PlacementChange> merged = new(changes.Count + stops.Count);
        int next = 0;
        foreach (PlacementChange change in changes)
        {
            while (next < stops.Count && stops[next].Slot < change.Slot)
                merged.Add(stops[next++]);
            merged.Add(change);
        }

        merged.AddRange(stops[next..]);
        Debug.Assert(merged.Count == changes.Count + stops.Count, "None is lost.");
        return merged;
    }
}
