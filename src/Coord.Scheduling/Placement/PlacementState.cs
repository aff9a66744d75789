using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Coord.Scheduling.Placement;

/// <summary>What is on each node at a moment of planning. Owned by one plan, on one thread.</summary>
/// <remarks>Whoever keeps something per node reads in <see cref="Log"/> which nodes have changed since.</remarks>
internal sealed class PlacementState
{
    // Units that ask for nothing would all go to the node that the others left emptiest. For the choice of a node, and
    // only for it, so many of them count as one full node.
    private const long UndeclaredPerNode = 256;
    private const int FewSlots = 4;

    private readonly long[] _used;
    private readonly int[] _undeclared;
    private readonly Dictionary<long, int> _unitOnNode = [];
    private readonly Dictionary<long, int> _declaredOnNode = [];
    private readonly Dictionary<long, int> _matchedOnNode = [];

    public PlacementState(PlacementModel model, SlotTable slots)
    {
        Model = model;
        Slots = slots.Slots;
        FirstSlot = slots.First;
        _used = new long[model.Capacity.Length];
        _undeclared = new int[model.Nodes.Length];
        SlotCount = new int[model.Nodes.Length];
    }

    public PlacementModel Model { get; }

    /// <summary>Gets the slots, those of a unit side by side.</summary>
    public Slot[] Slots { get; }

    /// <summary>Gets where the slots of each unit start.</summary>
    public int[] FirstSlot { get; }

    /// <summary>Gets the number of slots on each node.</summary>
    public int[] SlotCount { get; }

    /// <summary>Gets the nodes that changed, oldest first.</summary>
    public List<int> Log { get; } = [];

    /// <summary>Gets how often a slot was taken off a node. Until then, what does not fit will not fit.</summary>
    public int Removals { get; private set; }

    /// <summary>Gets or sets the node that is thought away; -1 if none is.</summary>
    public int Absent { get; set; } = -1;

    public SlotId IdOf(int slot) => new(Model.Units[Slots[slot].Unit].Name, Slots[slot].Number);

    public CompiledShape ShapeOf(int slot) => Model.Shapes[Model.ShapeOf[Slots[slot].Unit]];

    /// <summary>Gets the slots of a unit.</summary>
    public Span<Slot> SlotsOf(int unit) => Slots.AsSpan(FirstSlot[unit]..FirstSlot[unit + 1]);

    /// <summary>Puts a slot on a node.</summary>
    public void Place(int slot, int node)
    {
        Debug.Assert(Slots[slot].Node == Slot.Nowhere, "A slot is on one node.");
        Slots[slot].Node = node;
        Count(slot, node, 1);
    }

    /// <summary>Takes a slot off its node.</summary>
    public void Take(int slot)
    {
        Debug.Assert(Slots[slot].Node >= 0, "The slot is on a node.");
        Count(slot, Slots[slot].Node, -1);
        Slots[slot].Node = Slot.Nowhere;
        Removals++;
    }

    /// <summary>
    /// Gets the dominant share that a node would have with one more slot of a shape; <see cref="PickTree.Never"/> if it
    /// does not fit.
    /// </summary>
    public long ShareWith(CompiledShape shape, int node)
    {
        if (node == Absent)
            return PickTree.Never;

        Request[] requests = shape.Requests;
        int next = 0;
        long highest = (_undeclared[node] + (long)shape.Undeclared) * (NodeLoad.Whole / UndeclaredPerNode);
        int end = Model.ResourceStart[node + 1];
        for (int at = Model.ResourceStart[node]; at < end; at++)
        {
            long amount = 0;
            if (next < requests.Length && requests[next].Resource == Model.ResourceOf[at])
                amount = requests[next++].Amount;
            if (amount > Model.Capacity[at] - _used[at])
                return PickTree.Never;
            highest = Math.Max(highest, ShareOf(at, _used[at] + amount));
        }

        // Both are in the order of resources: one that is left over is one that the node does not have.
        return next < requests.Length ? PickTree.Never : highest;
    }

    /// <summary>Gets the dominant share of a node.</summary>
    public long ShareNow(int node)
    {
        long highest = _undeclared[node] * (NodeLoad.Whole / UndeclaredPerNode);
        for (int at = Model.ResourceStart[node]; at < Model.ResourceStart[node + 1]; at++)
            highest = Math.Max(highest, ShareOf(at, _used[at]));
        return highest;
    }

    public long CapacityOf(int node, string resource) =>
        Find(node, resource) is >= 0 and int at ? Model.Capacity[at] : 0;

    public long UsedOf(int node, string resource) =>
        Find(node, resource) is >= 0 and int at ? _used[at] : 0;

    /// <summary>Gets what a node still has of a resource.</summary>
    public long Left(int node, int resource) =>
        Model.IndexOf(node, resource) is >= 0 and int at ? Model.Capacity[at] - _used[at] : 0;

    /// <summary>Gets how many slots of a unit are on a node.</summary>
    public int CountOf(int unit, int node)
    {
        Span<Slot> slots = SlotsOf(unit);
        if (slots.Length > FewSlots)
            return _unitOnNode.GetValueOrDefault(Key(unit, node));

        int count = 0;
        foreach (ref Slot slot in slots)
            count += slot.Node == node ? 1 : 0;
        return count;
    }

    /// <summary>
    /// Says whether something on a node and a unit must not be on one node, by the patterns of either.
    /// </summary>
    public bool HasConflict(int unit, int node)
    {
        foreach (int pattern in Model.Declared[unit] ?? [])
        {
            if (_matchedOnNode.GetValueOrDefault(Key(pattern, node)) > 0)
                return true;
        }

        foreach (int pattern in Model.Matched[unit] ?? [])
        {
            if (_declaredOnNode.GetValueOrDefault(Key(pattern, node)) > 0)
                return true;
        }

        return false;
    }

    private void Count(int slot, int node, int sign)
    {
        int unit = Slots[slot].Unit;
        CompiledShape shape = ShapeOf(slot);
        foreach (Request request in shape.Requests)
        {
            int at = Model.IndexOf(node, request.Resource);
            _used[at] += sign * request.Amount;
            Debug.Assert(_used[at] >= 0 && _used[at] <= Model.Capacity[at], "A node carries what it has room for.");
        }

        SlotCount[node] += sign;
        _undeclared[node] += sign * shape.Undeclared;
        if (FirstSlot[unit + 1] - FirstSlot[unit] > FewSlots)
            Add(_unitOnNode, unit, node, sign);
        foreach (int pattern in Model.Declared[unit] ?? [])
            Add(_declaredOnNode, pattern, node, sign);
        foreach (int pattern in Model.Matched[unit] ?? [])
            Add(_matchedOnNode, pattern, node, sign);
        Log.Add(node);
    }

    private long ShareOf(int at, long used)
    {
        int shift = Model.Shift[at];
        long capacity = Model.Capacity[at] >> shift;
        if (capacity == 0)
            return 0;

        const long mostUsed = (1L << (PlacementModel.ShareBits + 3)) - 1;
        ulong total = ((ulong)used + (ulong)Model.External[at]) >> shift;
        return (long)((Math.Min(total, mostUsed) << 32) / (ulong)capacity);
    }

    private int Find(int node, string resource) =>
        Model.FindResource(resource) is >= 0 and int id ? Model.IndexOf(node, id) : -1;

    private static void Add(Dictionary<long, int> counts, int what, int node, int sign)
    {
        ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, Key(what, node), out _);
        count += sign;
        Debug.Assert(count >= 0, "What is taken away was there.");
    }

    private static long Key(int what, int node) => ((long)what << 32) | (uint)node;
}
