namespace Coord.Scheduling;

/// <summary>
/// What a node says of itself. Immutable; kept in the store under <c>node/</c>, with the node's lease.
/// </summary>
public sealed record NodeSpec
{
    /// <summary>Gets the name.</summary>
    public required NodeName Name { get; init; }

    /// <summary>Gets which life of the node this is: it grows with every start.</summary>
    public long Incarnation { get; init; }

    /// <summary>Gets the labels, each key once.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets what the node has, each resource once. What is not named does not exist there.</summary>
    public IReadOnlyList<ResourceAmount> Capacity { get; init; } = [];

    /// <summary>Gets what units must tolerate to run here.</summary>
    public IReadOnlyList<string> Taints { get; init; } = [];

    /// <summary>Gets the runners that the node has.</summary>
    public IReadOnlyList<string> Runners { get; init; } = [];

    /// <summary>Gets the units whose code is in the node's own app.</summary>
    public IReadOnlyList<UnitName> Offers { get; init; } = [];

    /// <summary>Gets the address that others may show to people; fleet's <c>primaryIP</c>.</summary>
    public string Address { get; init; } = "";

    /// <summary>Gets a value indicating whether the node takes no new units. What runs there stays.</summary>
    public bool IsCordoned { get; init; }

    /// <summary>Gets a value indicating whether the node wants to leave: what runs there moves away.</summary>
    public bool IsDraining { get; init; }
}
