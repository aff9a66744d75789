using System.Diagnostics;

namespace Coord.Scheduling.Placement;

/// <summary>The nodes that may run one shape, with what the strategy says against each, kept up to date.</summary>
/// <remarks>
/// One tournament for all nodes; or one for each domain, if the shape is spread over few domains, so that the domains
/// that are full can be left out at once.
/// </remarks>
internal sealed class CandidateSet
{
    // More domains than this are not asked one by one for each slot.
    private const int MaxTrees = 256;

    private readonly PlacementState _state;
    private readonly CompiledShape _shape;
    private readonly IPlacementStrategy _strategy;
    private readonly PickTree[] _trees;
    private readonly int[] _treeOf;
    private readonly int[] _positionOf; // -1 for nodes that may not run the shape
    private int _seen; // in the log of the state

    public CandidateSet(PlacementState state, CompiledShape shape, IPlacementStrategy strategy)
    {
        _state = state;
        _shape = shape;
        _strategy = strategy;
        _positionOf = new int[state.Model.Nodes.Length];
        _treeOf = new int[state.Model.Nodes.Length];
        IsSplit = shape.Spread is { IsNodes: false, Count: <= MaxTrees };

        List<int>[] nodes = new List<int>[IsSplit ? shape.Spread!.Count : 1];
        for (int tree = 0; tree < nodes.Length; tree++)
            nodes[tree] = [];
        Array.Fill(_positionOf, -1);
        foreach (int node in shape.Candidates(state.Model).Nodes)
        {
            int tree = IsSplit ? shape.Spread!.Of[node] : 0;
            _treeOf[node] = tree;
            _positionOf[node] = nodes[tree].Count;
            nodes[tree].Add(node);
        }

        _trees = [.. nodes.Select(list => new PickTree([.. list]))];
        Refresh();
    }

    /// <summary>Gets a value indicating whether each domain has a tournament of its own.</summary>
    public bool IsSplit { get; }

    /// <summary>Gets the number of tournaments.</summary>
    public int TreeCount => _trees.Length;

    /// <summary>Gets the winner among the nodes of a tournament; -1 if none can be picked.</summary>
    public int BestOf(int tree) => _trees[tree].Best is >= 0 and int best ? _trees[tree].Nodes[best] : -1;

    /// <summary>Gets the strategy's cost of a node.</summary>
    public long CostOf(int node) => _trees[_treeOf[node]].CostAt(_positionOf[node]);

    /// <summary>Takes a node out until it is let in again.</summary>
    public void SetOut(int node, bool isOut) => _trees[_treeOf[node]].SetOut(_positionOf[node], isOut);

    /// <summary>Says which of two winners is the better one, the first if they are equal; either may be -1.</summary>
    public int Better(int first, int second)
    {
        if (first < 0 || second < 0)
            return Math.Max(first, second);
        int order = CostOf(first).CompareTo(CostOf(second));
        if (order == 0)
            order = _state.SlotCount[first].CompareTo(_state.SlotCount[second]);
        return order < 0 || (order == 0 && first < second) ? first : second;
    }

    /// <summary>Learns of all nodes that changed since it was asked last.</summary>
    public void CatchUp()
    {
        List<int> log = _state.Log;
        if (log.Count - _seen > _positionOf.Length)
        {
            Refresh();
            return;
        }

        for (; _seen < log.Count; _seen++)
            Refresh(log[_seen]);
    }

    /// <summary>Learns that what the log says from some point on has been undone.</summary>
    public void RollBack(int point)
    {
        for (int i = point; i < _seen; i++)
            Refresh(_state.Log[i]);
        _seen = Math.Min(_seen, point);
    }

    /// <summary>Learns that a node was thought away, or is back.</summary>
    public void Refresh(int node)
    {
        if (_positionOf[node] is not (>= 0 and int position))
            return;
        long cost = Evaluate(node);
        _trees[_treeOf[node]].Update(position, cost, _state.SlotCount[node]);
    }

    private void Refresh()
    {
        foreach (PickTree tree in _trees)
        {
            for (int position = 0; position < tree.Nodes.Length; position++)
            {
                int node = tree.Nodes[position];
                tree.Set(position, Evaluate(node), _state.SlotCount[node]);
            }

            tree.Rebuild();
        }

        _seen = _state.Log.Count;
    }

    private long Evaluate(int node) => StrategyCost.Of(_strategy, _state, _shape, node);
}

/// <summary>What a strategy says against a node.</summary>
internal static class StrategyCost
{
    /// <summary>Asks the strategy; <see cref="PickTree.Never"/> if the node has no room.</summary>
    public static long Of(IPlacementStrategy strategy, PlacementState state, CompiledShape shape, int node)
    {
        long share = state.ShareWith(shape, node);
        if (share == PickTree.Never)
            return PickTree.Never;
        long cost = strategy.Cost(new NodeLoad(state, node, shape, share));
        Debug.Assert(cost >= 0, "A strategy's cost is not negative.");
        return Math.Clamp(cost, 0, PickTree.Never - 1);
    }
}
