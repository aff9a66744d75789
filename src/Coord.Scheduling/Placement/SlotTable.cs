namespace Coord.Scheduling.Placement;

/// <summary>The slots that a snapshot's units shall have, and what is to stop.</summary>
internal sealed class SlotTable
{
    private readonly PlacementModel _model;
    private readonly PlannerOptions _options;
    private readonly List<Slot> _slots;

    public SlotTable(PlacementModel model, PlannerOptions options)
    {
        _model = model;
        _options = options;
        _slots = new List<Slot>(model.Units.Length);
        First = new int[model.Units.Length + 1];
        for (int unit = 0; unit < model.Units.Length; unit++)
        {
            UnitRecord record = model.Units[unit];
            if (record is { Spec: { Kind: UnitKind.Global, DesiredState: not UnitState.Inactive } })
                AddGlobal(unit, record);
            else
                AddNumbers(unit, record);
            First[unit + 1] = _slots.Count;
        }

        Slots = [.. _slots];
        _slots.Clear();
    }

    /// <summary>Gets the slots that are wanted, by unit and number.</summary>
    public Slot[] Slots { get; }

    /// <summary>Gets where the slots of each unit start.</summary>
    public int[] First { get; }

    /// <summary>Gets what is assigned and not wanted.</summary>
    public List<PlacementChange> Stops { get; } = [];

    /// <summary>Gets the units that want more slots than they can have.</summary>
    public List<int> TooLarge { get; } = [];

    private void AddNumbers(int unit, UnitRecord record)
    {
        int next = 0; // in what is assigned
        foreach (int number in WantedOf(unit, record))
        {
            for (; next < record.Assigned.Length && record.Assigned[next].Number < number; next++)
                Stop(record, record.Assigned[next], PlacementReason.NotWanted);
            bool isAssigned = next < record.Assigned.Length && record.Assigned[next].Number == number;
            Add(unit, number, isAssigned ? record.Assigned[next++].Node : default);
        }

        for (; next < record.Assigned.Length; next++)
            Stop(record, record.Assigned[next], PlacementReason.NotWanted);
    }

    private IEnumerable<int> WantedOf(int unit, UnitRecord record)
    {
        if (record.Spec is not { DesiredState: not UnitState.Inactive } spec)
            return [];
        if (record.Numbers is { } numbers)
            return numbers;

        int count = spec.Kind switch
        {
            UnitKind.Singleton or UnitKind.OneShot => 1,
            UnitKind.Replicas or UnitKind.Shards => Math.Max(0, spec.Count),
            _ => 0,
        };
        if (count <= _options.MaxSlotsPerUnit)
            return Enumerable.Range(0, count);

        TooLarge.Add(unit);
        return record.Assigned.Select(slot => slot.Number).Where(number => number >= 0 && number < count);
    }

    // Each node that may run the unit has one slot of it. A slot keeps its number for as long as it is there, and new
    // ones take the lowest that are free.
    private void AddGlobal(int unit, UnitRecord record)
    {
        Dictionary<int, int> numberOn = [];
        HashSet<int> taken = [];
        List<Slot> slots = [];
        foreach (AssignedSlot slot in record.Assigned)
        {
            int node = _model.FindNode(slot.Node);
            if (node < 0 && _options.HoldLostNodes)
                slots.Add(NewSlot(unit, slot.Number, slot.Node));
            else if (node < 0)
                Stop(record, slot, PlacementReason.NodeLost);
            else if (_model.Nodes[node].Spec.IsDraining)
                Stop(record, slot, PlacementReason.NodeDraining);
            else if (_model.Allowed(_model.Shapes[_model.ShapeOf[unit]], node) != FilterKind.None)
                Stop(record, slot, PlacementReason.Unsatisfied);
            else if (!numberOn.TryAdd(node, slot.Number))
                Stop(record, slot, PlacementReason.NotWanted);
            else
                slots.Add(NewSlot(unit, slot.Number, slot.Node) with { Target = node });
        }

        // The number of a slot that stops can be given again only once it has stopped.
        taken.UnionWith(record.Assigned.Select(slot => slot.Number));
        int free = 0;
        foreach (int node in _model.Shapes[_model.ShapeOf[unit]].Candidates(_model).Nodes)
        {
            if (numberOn.ContainsKey(node))
                continue;
            while (taken.Contains(free))
                free++;
            slots.Add(NewSlot(unit, free++, default) with { Target = node });
        }

        _slots.AddRange(slots.OrderBy(slot => slot.Number));
    }

    private void Add(int unit, int number, NodeName assigned) => _slots.Add(NewSlot(unit, number, assigned));

    private Slot NewSlot(int unit, int number, NodeName assigned)
    {
        int from = assigned.IsNone ? Slot.Nowhere : _model.FindNode(assigned);
        bool isLost = !assigned.IsNone && from < 0;
        return new Slot
        {
            Unit = unit,
            Number = number,
            Node = Slot.Nowhere,
            From = Math.Max(from, Slot.Nowhere),
            Lost = isLost ? assigned : default,
            Target = Slot.Nowhere,
            IsHeld = isLost && _options.HoldLostNodes,
            Reason = isLost ? PlacementReason.NodeLost : PlacementReason.New,
        };
    }

    private void Stop(UnitRecord record, AssignedSlot slot, PlacementReason reason) =>
        Stops.Add(new PlacementChange(new SlotId(record.Name, slot.Number), slot.Node, default, reason));
}
