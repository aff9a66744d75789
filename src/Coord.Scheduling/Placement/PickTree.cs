using System.Diagnostics;
using System.Numerics;

namespace Coord.Scheduling.Placement;

/// <summary>
/// A tournament over nodes: always knows the one of the lowest cost, and learns of a change in O(log n).
/// </summary>
/// <remarks>
/// Nodes of equal cost are taken by their second number, and then by their position, which is the order of their names.
/// A node may be out of the tournament for a while: one that a filter does not allow.
/// </remarks>
internal sealed class PickTree
{
    /// <summary>The cost of a node that cannot be picked.</summary>
    public const long Never = long.MaxValue;

    private readonly int _leaves;
    private readonly int[] _winner; // [1] is the root, [_leaves + position] a leaf; -1 if none can be picked
    private readonly long[] _cost;
    private readonly int[] _second;
    private readonly bool[] _isOut;

    /// <summary>
    /// Initializes the tournament. Costs follow by <see cref="Set"/>, and then <see cref="Rebuild"/>.
    /// </summary>
    public PickTree(int[] nodes)
    {
        Nodes = nodes;
        _leaves = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, nodes.Length));
        _winner = new int[2 * _leaves];
        _cost = new long[nodes.Length];
        _second = new int[nodes.Length];
        _isOut = new bool[nodes.Length];
    }

    /// <summary>Gets the node at each position.</summary>
    public int[] Nodes { get; }

    /// <summary>Gets the position of the winner; -1 if none can be picked.</summary>
    public int Best => _winner[1];

    public long CostAt(int position) => _cost[position];

    public int SecondAt(int position) => _second[position];

    /// <summary>Notes a cost without playing; <see cref="Rebuild"/> follows.</summary>
    public void Set(int position, long cost, int second)
    {
        _cost[position] = cost;
        _second[position] = second;
    }

    /// <summary>Plays all again.</summary>
    public void Rebuild()
    {
        for (int position = 0; position < _leaves; position++)
            _winner[_leaves + position] = LeafOf(position);
        for (int i = _leaves - 1; i > 0; i--)
            _winner[i] = Better(_winner[2 * i], _winner[(2 * i) + 1]);
    }

    /// <summary>Notes a cost, and plays what depends on it.</summary>
    public void Update(int position, long cost, int second)
    {
        if (_cost[position] == cost && _second[position] == second)
            return;
        Set(position, cost, second);
        Play(position);
    }

    /// <summary>Takes a node out of the tournament, or lets it in again.</summary>
    public void SetOut(int position, bool isOut)
    {
        Debug.Assert(_isOut[position] != isOut, "A node goes out once, and comes in once.");
        _isOut[position] = isOut;
        Play(position);
    }

    private int LeafOf(int position) =>
        position < _cost.Length && !_isOut[position] && _cost[position] != Never ? position : -1;

    private void Play(int position)
    {
        int i = _leaves + position;
        _winner[i] = LeafOf(position);
        for (i >>= 1; i > 0; i >>= 1)
        {
            int winner = Better(_winner[2 * i], _winner[(2 * i) + 1]);

            // It did not win here before and does not now, so nothing above has heard of it.
            if (winner == _winner[i] && winner != position)
                return;
            _winner[i] = winner;
        }
    }

    private int Better(int left, int right)
    {
        if (left < 0 || right < 0)
            return Math.Max(left, right);
        long leftCost = _cost[left];
        long rightCost = _cost[right];
        if (leftCost != rightCost)
            return leftCost < rightCost ? left : right;
        return _second[left] <= _second[right] ? left : right;
    }
}
