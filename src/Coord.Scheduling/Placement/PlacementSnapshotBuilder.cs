namespace Coord.Scheduling.Placement;

/// <summary>Collects changes and makes snapshots of them, again and again. Not thread-safe.</summary>
/// <remarks>
/// Changes between two snapshots cost what they are; making the snapshot copies one reference for each node and unit.
/// The lists in what is given must not be changed afterwards.
/// </remarks>
public sealed class PlacementSnapshotBuilder
{
    private readonly Dictionary<NodeName, NodeRecord?> _nodes = [];
    private readonly Dictionary<UnitName, UnitDraft> _units = [];
    private readonly Dictionary<string, UnitShape> _shapes = [];
    private PlacementSnapshot _base;

    /// <summary>Initializes a builder that starts from nothing.</summary>
    public PlacementSnapshotBuilder()
        : this(PlacementSnapshot.Empty)
    {
    }

    /// <summary>Initializes a builder that starts from a snapshot.</summary>
    /// <param name="start">The snapshot.</param>
    public PlacementSnapshotBuilder(PlacementSnapshot start)
    {
        ArgumentNullException.ThrowIfNull(start);
        _base = start;
        Revision = start.Revision;
    }

    /// <summary>Gets or sets the revision of the store that the next snapshot shows.</summary>
    public long Revision { get; set; }

    /// <summary>Adds a node, or puts a newer state of it in place of the older one. Its report stays.</summary>
    /// <param name="node">The node.</param>
    public void SetNode(NodeSpec node)
    {
        ArgumentNullException.ThrowIfNull(node);
        _nodes[node.Name] = new NodeRecord(node, Find(node.Name)?.Reported ?? []);
    }

    /// <summary>Removes a node and its report. Slots that are assigned to it stay so: they are lost.</summary>
    /// <param name="node">The node.</param>
    public void RemoveNode(NodeName node) => _nodes[node] = null;

    /// <summary>Sets what a node says is used of its resources. Nothing happens if there is no such node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="used">How much is used, of each resource at most once; already quantised.</param>
    public void SetLoad(NodeName node, IReadOnlyList<ResourceAmount> used)
    {
        ArgumentNullException.ThrowIfNull(used);
        if (Find(node) is { } record)
            _nodes[node] = record with { Reported = used };
    }

    /// <summary>Adds a unit, or puts a newer spec in place of the older one. Its slots stay where they are.</summary>
    /// <param name="unit">The unit.</param>
    public void SetUnit(UnitSpec unit)
    {
        ArgumentNullException.ThrowIfNull(unit);
        UnitDraft draft = Draft(unit.Name);
        draft.Spec = unit;
        UnitShape shape = UnitShape.Of(unit);
        draft.Shape = _shapes.TryGetValue(shape.Key, out UnitShape? known) ? known : _shapes[shape.Key] = shape;
    }

    /// <summary>Removes a unit. Slots of it that are assigned are then not wanted.</summary>
    /// <param name="unit">The unit.</param>
    public void RemoveUnit(UnitName unit)
    {
        UnitDraft draft = Draft(unit);
        (draft.Spec, draft.Shape, draft.Numbers) = (null, null, null);
    }

    /// <summary>
    /// Says which slots of a unit are wanted, where its kind does not say it: the runs of a cron unit that have fired
    /// and not ended, or none of a one-shot unit that has ended.
    /// </summary>
    /// <param name="unit">The unit; it must have been set.</param>
    /// <param name="numbers">
    /// The numbers; null for what the kind has: all for most kinds, none for <see cref="UnitKind.Cron"/>.
    /// </param>
    public void SetSlots(UnitName unit, IReadOnlyCollection<int>? numbers) =>
        Draft(unit).Numbers = numbers is null ? null : [.. numbers.Where(number => number >= 0).Distinct().Order()];

    /// <summary>Says where a slot is. A slot is on one node at most: the last one that was said.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="node">The node, which may be gone.</param>
    public void Assign(SlotId slot, NodeName node) => Draft(slot.Unit).Moves.Add(new(slot.Number, node));

    /// <summary>Says that a slot is nowhere.</summary>
    /// <param name="slot">The slot.</param>
    public void Unassign(SlotId slot) => Draft(slot.Unit).Moves.Add(new(slot.Number, default));

    /// <summary>Takes over what a plan of the last snapshot changes, as if it had been carried out at once.</summary>
    /// <param name="plan">The plan.</param>
    public void Apply(PlacementPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        foreach (PlacementChange change in plan.Changes)
            Assign(change.Slot, change.To);
    }

    /// <summary>Makes a snapshot of all that was said so far. The builder can go on from there.</summary>
    public PlacementSnapshot Build()
    {
        NodeRecord[] nodes = SortedMerge.Apply(
            _base.Nodes, node => node.Spec.Name.Value, [.. _nodes.Select(pair => (pair.Key.Value, pair.Value))]);
        UnitRecord[] units = SortedMerge.Apply(
            _base.Units, unit => unit.Name.Value, [.. _units.Select(pair => (pair.Key.Value, pair.Value.ToRecord()))]);
        _base = new PlacementSnapshot(Revision, nodes, units);
        _nodes.Clear();
        _units.Clear();

        // Shapes that no unit has any longer would pile up; a second object for the same shape does no harm.
        if (_shapes.Count > 1024 + units.Length)
            _shapes.Clear();
        return _base;
    }

    private NodeRecord? Find(NodeName name) =>
        _nodes.TryGetValue(name, out NodeRecord? node) ? node
        : SortedMerge.Find(_base.Nodes, record => record.Spec.Name.Value, name.Value) is >= 0 and int index
            ? _base.Nodes[index] : null;

    private UnitDraft Draft(UnitName name)
    {
        if (_units.TryGetValue(name, out UnitDraft? draft))
            return draft;

        int index = SortedMerge.Find(_base.Units, record => record.Name.Value, name.Value);
        draft = new UnitDraft(name, index < 0 ? null : _base.Units[index]);
        _units.Add(name, draft);
        return draft;
    }

    /// <summary>A unit on its way into the next snapshot.</summary>
    private sealed class UnitDraft(UnitName name, UnitRecord? before)
    {
        public UnitSpec? Spec { get; set; } = before?.Spec;

        public UnitShape? Shape { get; set; } = before?.Shape;

        public int[]? Numbers { get; set; } = before?.Numbers;

        /// <summary>Gets what was said of slots since then, in that order; no node stands for nowhere.</summary>
        public List<AssignedSlot> Moves { get; } = [];

        public UnitRecord? ToRecord()
        {
            UnitRecord record = new(name, Spec, Shape, Numbers, Assigned());
            return record.IsVoid ? null : record;
        }

        private AssignedSlot[] Assigned()
        {
            if (Moves.Count == 0)
                return before?.Assigned ?? [];
            if (Moves.Count == 1 && before is not { Assigned.Length: > 0 })
                return Moves[0].Node.IsNone ? [] : [Moves[0]];

            SortedDictionary<int, NodeName> slots = [];
            foreach (AssignedSlot slot in before?.Assigned ?? [])
                slots[slot.Number] = slot.Node;
            foreach (AssignedSlot slot in Moves)
                slots[slot.Number] = slot.Node;
            return [.. slots.Where(slot => !slot.Value.IsNone).Select(slot => new AssignedSlot(slot.Key, slot.Value))];
        }
    }
}
