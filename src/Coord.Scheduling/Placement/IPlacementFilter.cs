namespace Coord.Scheduling.Placement;

/// <summary>
/// Says on which nodes a slot must not run. Beside the filters that Coord has; all must allow a node.
/// </summary>
/// <remarks>
/// A pure function: no clock, no chance, no state of its own that changes, since a plan must be the same wherever and
/// whenever it is made. It is asked only for nodes that all built-in filters allow, cheapest first, until one node is
/// found: it costs nothing for the others.
/// </remarks>
public interface IPlacementFilter
{
    /// <summary>Gets the name that explanations use, such as <c>licence</c>.</summary>
    string Name { get; }

    /// <summary>Says whether the slot may run on the node.</summary>
    /// <param name="candidate">The slot, the node, and what is on the node by now.</param>
    bool Allows(in PlacementCandidate candidate);
}
