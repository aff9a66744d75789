namespace Coord.Scheduling.Placement;

/// <summary>Says how much speaks against a node for one more slot. The lowest cost wins.</summary>
/// <remarks>
/// A pure function of what a <see cref="NodeLoad"/> tells, and of nothing else: costs are kept in a tree and are asked
/// for again only when something on the node changed. What depends on the unit itself is an <see
/// cref="IPlacementScore"/>. Nodes of equal cost are taken by the number of their slots, then by their name.
/// </remarks>
public interface IPlacementStrategy
{
    /// <summary>Gets the name that explanations and options use.</summary>
    string Name { get; }

    /// <summary>
    /// Gets a value indicating whether, at equal priority, slots that ask for more are placed first. It fills nodes
    /// more evenly; otherwise slots are placed by the name of their unit.
    /// </summary>
    bool LargestFirst { get; }

    /// <summary>Gets the cost of one more slot on a node that has room for it; not negative.</summary>
    /// <param name="load">What the node has, what it carries, and what the slot asks for.</param>
    long Cost(in NodeLoad load);
}
