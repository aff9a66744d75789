namespace Coord.Scheduling.Placement;

/// <summary>What a node carries at a moment of planning, and what it would carry with one more slot.</summary>
/// <remarks>Valid only during the call that it is given to: the plan goes on afterwards.</remarks>
public readonly struct NodeLoad
{
    /// <summary>
    /// The share of a node that is full. Shares are whole numbers: used times this, divided by the capacity, rounded
    /// down.
    /// </summary>
    public const long Whole = 1L << 32;

    private readonly PlacementState _state;
    private readonly int _node;
    private readonly CompiledShape _shape;

    internal NodeLoad(PlacementState state, int node, CompiledShape shape, long shareAfter)
    {
        _state = state;
        _node = node;
        _shape = shape;
        ShareAfter = shareAfter;
    }

    /// <summary>Gets the node.</summary>
    public NodeSpec Node => _state.Model.Nodes[_node].Spec;

    /// <summary>Gets the number of slots on the node by now.</summary>
    public int Slots => _state.SlotCount[_node];

    /// <summary>
    /// Gets the node's dominant share by now: the highest share over its resources, of what is requested or, where the
    /// node reports more, of what is used.
    /// </summary>
    public long ShareBefore => _state.ShareNow(_node);

    /// <summary>Gets the dominant share that the node would have with the slot.</summary>
    public long ShareAfter { get; }

    /// <summary>Gets how much of a resource the node has; zero if it has none.</summary>
    /// <param name="resource">The resource.</param>
    public long Capacity(string resource) => _state.CapacityOf(_node, resource);

    /// <summary>Gets how much of a resource is requested by what is on the node by now.</summary>
    /// <param name="resource">The resource.</param>
    public long Used(string resource) => _state.UsedOf(_node, resource);

    /// <summary>Gets how much of a resource the slot asks for.</summary>
    /// <param name="resource">The resource.</param>
    public long Requested(string resource) => _shape.Requested(resource, _state.Model);
}
