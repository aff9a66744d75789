namespace Coord.Scheduling.Placement;

/// <summary>Units that must be on one node with others, and who belongs together by that.</summary>
internal sealed class Peers
{
    // Bundles are few kinds of shapes; many would be a strange use, and are made anew.
    private const int MaxShapes = 1024;

    private readonly PlacementState _state;
    private readonly PlacementModel _model;
    private readonly Dictionary<int, int[]> _groupOf = []; // the units that hang together, for those that do
    private readonly List<int> _followers = [];
    private readonly Dictionary<string, CompiledShape> _shapes = [];

    public Peers(PlacementState state)
    {
        _state = state;
        _model = state.Model;
        Dictionary<int, int> parents = [];
        for (int unit = 0; unit < _model.Units.Length; unit++)
        {
            if (_model.SameNodeAs[unit] == PlacementModel.NoUnit)
                continue;
            _followers.Add(unit);
            if (_model.SameNodeAs[unit] is >= 0 and int peer)
                parents[Root(parents, unit)] = Root(parents, peer);
        }

        foreach (IGrouping<int, int> group in parents.Keys.ToArray().GroupBy(unit => Root(parents, unit)))
        {
            int[] units = [.. group.Order()];
            foreach (int unit in units)
                _groupOf[unit] = units;
        }
    }

    /// <summary>Says whether a unit must be beside another one, or another one beside it.</summary>
    public bool HasPeers(int unit) => _groupOf.ContainsKey(unit);

    /// <summary>
    /// Gets the slots that are placed together with one: those of the same number, if they are not placed.
    /// </summary>
    public int[] Together(int slot)
    {
        if (!_groupOf.TryGetValue(_state.Slots[slot].Unit, out int[]? units))
            return [slot];

        List<int> slots = [];
        foreach (int unit in units)
        {
            if (Find(unit, _state.Slots[slot].Number) is >= 0 and int found
                && _state.Slots[found] is { Node: Slot.Nowhere, IsHeld: false, Target: Slot.Nowhere })
                slots.Add(found);
        }

        return [.. slots];
    }

    /// <summary>
    /// Gets the only nodes for slots: where the units are beside which they must be. Null if any may do.
    /// </summary>
    public int[]? NodesFor(int[] slots)
    {
        int[]? nodes = null;
        foreach (int slot in slots)
        {
            int peer = _model.SameNodeAs[_state.Slots[slot].Unit];
            if (peer == PlacementModel.NoUnit || Array.Exists(slots, other => _state.Slots[other].Unit == peer))
                continue;
            int[] hosts = peer < 0 ? [] : HostsOf(peer);
            nodes = nodes is null ? hosts : [.. nodes.Intersect(hosts)];
        }

        return nodes;
    }

    /// <summary>Gets how many others a slot must wait for, so that those come first.</summary>
    public int Depth(int slot)
    {
        int unit = _state.Slots[slot].Unit;
        int depth = 0;
        for (; _model.SameNodeAs[unit] >= 0 && depth < _model.Units.Length; depth++)
            unit = _model.SameNodeAs[unit];
        return depth;
    }

    /// <summary>Gets what slots need together.</summary>
    public CompiledShape ShapeOf(int[] slots)
    {
        string key = string.Join('+', slots.Select(slot => _model.ShapeOf[_state.Slots[slot].Unit]).Order());
        if (_shapes.TryGetValue(key, out CompiledShape? shape))
            return shape;

        CompiledShape[] members = [.. slots.Select(_state.ShapeOf)];
        SortedDictionary<int, long> sums = [];
        string? invalid = null;
        foreach (Request request in members.SelectMany(member => member.Requests))
        {
            long sum = sums.GetValueOrDefault(request.Resource);
            if (request.Amount > long.MaxValue - sum)
                invalid = "together they ask for more than can be counted";
            else
                sums[request.Resource] = sum + request.Amount;
        }

        shape = new CompiledShape
        {
            Requests = [.. sums.Select(pair => new Request(pair.Key, pair.Value))],
            Members = members,
            Invalid = invalid,
        };
        if (_shapes.Count == MaxShapes)
            _shapes.Clear();
        _shapes.Add(key, shape);
        return shape;
    }

    /// <summary>Gets two of the slots that must not be on one node; null if there are none.</summary>
    public (int First, int Second)? ConflictIn(int[] slots)
    {
        foreach (int first in slots)
        {
            foreach (int second in slots)
            {
                int[]? declared = _model.Declared[_state.Slots[first].Unit];
                int[]? matched = _model.Matched[_state.Slots[second].Unit];
                if (first != second && declared is not null && matched is not null && declared.Intersect(matched).Any())
                    return (first, second);
            }
        }

        return null;
    }

    /// <summary>Gets the placed slots beside which no longer is what must be there.</summary>
    public List<int> FindLeftAlone()
    {
        List<int> alone = [];
        foreach (int unit in _followers)
        {
            int peer = _model.SameNodeAs[unit];
            for (int slot = _state.FirstSlot[unit]; slot < _state.FirstSlot[unit + 1]; slot++)
            {
                int node = _state.Slots[slot].Node;
                if (node >= 0 && (peer < 0 || _state.CountOf(peer, node) == 0))
                    alone.Add(slot);
            }
        }

        return alone;
    }

    private int[] HostsOf(int unit)
    {
        List<int> hosts = [];
        foreach (ref Slot slot in _state.SlotsOf(unit))
        {
            if (slot.Node >= 0)
                hosts.Add(slot.Node);
        }

        return [.. hosts.Distinct().Order()];
    }

    private int Find(int unit, int number)
    {
        int low = _state.FirstSlot[unit];
        int high = _state.FirstSlot[unit + 1] - 1;
        while (low <= high)
        {
            int middle = low + ((high - low) >> 1);
            int found = _state.Slots[middle].Number;
            if (found == number)
                return middle;
            if (found < number)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return -1;
    }

    private static int Root(Dictionary<int, int> parents, int unit)
    {
        parents.TryAdd(unit, unit);
        while (parents[unit] != unit)
        {
            parents[unit] = parents[parents[unit]];
            unit = parents[unit];
        }

        return unit;
    }
}
