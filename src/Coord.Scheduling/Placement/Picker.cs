using System.Runtime.InteropServices;

namespace Coord.Scheduling.Placement;

/// <summary>Finds the node of the lowest cost that all filters allow.</summary>
/// <remarks>
/// Always exact: the tournament gives nodes in the order of the strategy's cost, and scores only add to it, so that the
/// search ends when the next node's own cost reaches the best sum. Nodes that a filter does not allow are taken out of
/// the tournament for as long as that can be told: for the slot, for the unit, or for all units with the same patterns.
/// </remarks>
internal sealed class Picker(PlacementState state, PlannerOptions options)
{
    // A set takes some 40 bytes a node.
    private const int MaxSets = 64;

    private readonly IPlacementScore[] _scores =
        options.Strategy is IPlacementScore own ? [own, .. options.Scores] : [.. options.Scores];

    private readonly Dictionary<CompiledShape, CandidateSet> _sets = [];
    private readonly Queue<CompiledShape> _oldest = [];
    private readonly List<int> _outForSlot = [];
    private readonly List<int> _outForUnit = [];
    private readonly List<int> _outForPatterns = [];
    private readonly Dictionary<int, SpreadTracker> _trackers = [];
    private CandidateSet? _set; // in which nodes are out
    private int _unit = -1; // for which they are
    private int _removals = -1;

    /// <summary>Gets the scores, with the strategy's own if it has one.</summary>
    public IReadOnlyList<IPlacementScore> Scores => _scores;

    /// <summary>Finds the best node for a task; -1 if there is none.</summary>
    public int Pick(PlacementTask task)
    {
        if (task.Shape.Invalid is not null)
            return -1;
        Begin(task);
        return task.Only is null ? PickFromSet(task) : PickAmong(task, task.Only);
    }

    /// <summary>Learns that a task has been put on a node.</summary>
    public void Placed(PlacementTask task, int node)
    {
        foreach (int slot in task.Slots)
        {
            if (_trackers.TryGetValue(state.Slots[slot].Unit, out SpreadTracker? tracker) && tracker.Placed(node))
                LetIn(_outForUnit);
        }
    }

    /// <summary>Asks the filters that depend on what else is placed, and returns the first that says no.</summary>
    public FilterKind FirstFailure(PlacementTask task, int node)
    {
        foreach (int slot in task.Slots)
        {
            int unit = state.Slots[slot].Unit;
            if (state.HasConflict(unit, node))
                return FilterKind.Conflicts;
            if (!IsBesidePeer(task, unit, node))
                return FilterKind.SameNode;
            // One on each node is as even as can be.
            bool isSpread = state.ShapeOf(slot).Spread is not null && state.Slots[slot].Target == Slot.Nowhere;
            if (isSpread && !TrackerOf(unit).Allows(node))
                return FilterKind.Spread;
        }

        if (options.Filters.Count == 0)
            return FilterKind.None;

        long share = state.ShareWith(task.Shape, node);
        for (int filter = 0; filter < options.Filters.Count; filter++)
        {
            foreach (int slot in task.Slots)
            {
                NodeLoad load = new(state, node, task.Shape, share);
                if (!options.Filters[filter].Allows(new PlacementCandidate(state, slot, load, node)))
                    return FilterKind.Custom + filter;
            }
        }

        return FilterKind.None;
    }

    /// <summary>Adds up what speaks against a node.</summary>
    public long Total(PlacementTask task, int node, long strategyCost)
    {
        long total = strategyCost;
        foreach (IPlacementScore score in _scores)
            total = Saturate(total, ScoreOf(score, task, node));
        return total;
    }

    /// <summary>Gets what one score says against a node.</summary>
    public long ScoreOf(IPlacementScore score, PlacementTask task, int node)
    {
        long total = 0;
        long share = state.ShareWith(task.Shape, node);
        foreach (int slot in task.Slots)
        {
            NodeLoad load = new(state, node, task.Shape, share);
            total = Saturate(total, Math.Max(0, score.Cost(new PlacementCandidate(state, slot, load, node))));
        }

        return total;
    }

    /// <summary>Forgets what depends on what was placed: the state was changed behind the picker's back.</summary>
    public void Reset()
    {
        LetIn(_outForUnit);
        LetIn(_outForPatterns);
        _trackers.Clear();
        (_set, _unit) = (null, -1);
        _removals = state.Removals;
    }

    /// <summary>Learns that what the log says from some point on has been undone.</summary>
    public void RollBack(int point)
    {
        Reset();
        foreach (CandidateSet set in _sets.Values)
            set.RollBack(point);
    }

    /// <summary>Learns that a node was thought away, or is back.</summary>
    public void Refresh(int node)
    {
        Reset();
        foreach (CandidateSet set in _sets.Values)
            set.Refresh(node);
    }

    private static long Saturate(long x, long y) => x > PickTree.Never - 1 - y ? PickTree.Never - 1 : x + y;

    private void Begin(PlacementTask task)
    {
        if (_removals != state.Removals)
            Reset();
        int unit = task.Slots.Length == 1 ? state.Slots[task.Slots[0]].Unit : -1;
        CandidateSet? set = task.Only is null ? SetOf(task.Shape) : null;
        if (unit != _unit || unit < 0 || set != _set)
        {
            LetIn(_outForUnit);
            if (set != _set || unit < 0 || _unit < 0 || !HasSamePatterns(unit, _unit))
                LetIn(_outForPatterns);
            _trackers.Clear();
        }

        (_set, _unit) = (set, unit);
        set?.CatchUp();
    }

    private CandidateSet SetOf(CompiledShape shape)
    {
        if (_sets.TryGetValue(shape, out CandidateSet? set))
            return set;
        if (_sets.Count == MaxSets)
        {
            Reset();
            _sets.Remove(_oldest.Dequeue());
        }

        set = new CandidateSet(state, shape, options.Strategy);
        _sets.Add(shape, set);
        _oldest.Enqueue(shape);
        return set;
    }

    private int PickFromSet(PlacementTask task)
    {
        int best = -1;
        long bestTotal = PickTree.Never;
        while (Next(task) is >= 0 and int node && IsBetter(node, _set!.CostOf(node), best, bestTotal))
        {
            FilterKind failure = FirstFailure(task, node);
            if (failure == FilterKind.None)
            {
                long total = Total(task, node, _set.CostOf(node));
                if (IsBetter(node, total, best, bestTotal))
                    (best, bestTotal) = (node, total);
                if (_scores.Length == 0)
                    break;
            }

            _set.SetOut(node, isOut: true);
            (task.Slots.Length > 1 ? _outForSlot : failure switch
            {
                FilterKind.Conflicts => _outForPatterns,
                FilterKind.Spread => _outForUnit,
                _ => _outForSlot,
            }).Add(node);
        }

        LetIn(_outForSlot);
        return best;
    }

    private int Next(PlacementTask task)
    {
        CandidateSet set = _set!;
        if (!set.IsSplit)
            return set.BestOf(0);

        SpreadTracker tracker = TrackerOf(state.Slots[task.Slots[0]].Unit);
        int best = -1;
        for (int domain = 0; domain < set.TreeCount; domain++)
        {
            if (tracker.AllowsDomain(domain))
                best = set.Better(best, set.BestOf(domain));
        }

        return best;
    }

    private int PickAmong(PlacementTask task, int[] nodes)
    {
        int best = -1;
        long bestTotal = PickTree.Never;
        foreach (int node in nodes)
        {
            if (state.Model.FirstFailure(task.Shape, node) != FilterKind.None)
                continue;
            long cost = StrategyCost.Of(options.Strategy, state, task.Shape, node);
            if (cost == PickTree.Never || FirstFailure(task, node) != FilterKind.None)
                continue;
            long total = Total(task, node, cost);
            if (IsBetter(node, total, best, bestTotal))
                (best, bestTotal) = (node, total);
        }

        return best;
    }

    private bool IsBetter(int node, long total, int best, long bestTotal)
    {
        if (best < 0 || total != bestTotal)
            return total < bestTotal;
        int order = state.SlotCount[node].CompareTo(state.SlotCount[best]);
        return order < 0 || (order == 0 && node < best);
    }

    private bool IsBesidePeer(PlacementTask task, int unit, int node)
    {
        int peer = state.Model.SameNodeAs[unit];
        if (peer == PlacementModel.NoUnit)
            return true;
        if (peer == PlacementModel.MissingUnit)
            return false;
        return state.CountOf(peer, node) > 0 || Array.Exists(task.Slots, slot => state.Slots[slot].Unit == peer);
    }

    private bool HasSamePatterns(int unit, int other) =>
        IsSame(state.Model.Declared[unit], state.Model.Declared[other])
        && IsSame(state.Model.Matched[unit], state.Model.Matched[other]);

    private static bool IsSame(int[]? x, int[]? y) =>
        x == y || (x is not null && y is not null && x.AsSpan().SequenceEqual(y));

    private SpreadTracker TrackerOf(int unit)
    {
        ref SpreadTracker? tracker = ref CollectionsMarshal.GetValueRefOrAddDefault(_trackers, unit, out _);
        return tracker ??= new SpreadTracker(state, unit);
    }

    private void LetIn(List<int> nodes)
    {
        foreach (int node in nodes)
            _set!.SetOut(node, isOut: false);
        nodes.Clear();
    }
}
