namespace Coord.Scheduling;

/// <summary>Where a unit may run. Immutable; what is not set constrains nothing.</summary>
public sealed record UnitConstraints
{
    /// <summary>Gets the constraints that constrain nothing.</summary>
    public static UnitConstraints None { get; } = new();

    /// <summary>Gets the labels that a node must have, all of them, each with one of its values.</summary>
    public IReadOnlyList<Requirement> RequiredLabels { get; init; } = [];

    /// <summary>Gets the only node that may run the unit; none if any may.</summary>
    public NodeName PinnedTo { get; init; }

    /// <summary>
    /// Gets the patterns of units that must not be on the same node. <see cref="UnitFiles.UnitGlob"/>
    /// says how they match. It holds in both directions: also against units that come later. A unit does not conflict
    /// with itself unless its own name matches.
    /// </summary>
    public IReadOnlyList<string> Conflicts { get; init; } = [];

    /// <summary>Gets the unit on whose node this one must be; none if there is no such unit.</summary>
    public UnitName SameNodeAs { get; init; }

    /// <summary>
    /// Gets the patterns of units that this one takes the place of, on their node; they move elsewhere. It does so when
    /// it is new, and later only if no other node is left for it. Units that replace each other merely do not share a
    /// node.
    /// </summary>
    public IReadOnlyList<string> Replaces { get; init; } = [];

    /// <summary>Gets the taints of nodes that the unit does not mind.</summary>
    public IReadOnlyList<string> Tolerations { get; init; } = [];

    /// <summary>
    /// Gets how evenly the slots must be spread; null if it does not matter. Of global units only the label counts.
    /// </summary>
    public SpreadRule? Spread { get; init; }
}
