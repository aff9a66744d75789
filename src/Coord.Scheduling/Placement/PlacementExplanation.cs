namespace Coord.Scheduling.Placement;

/// <summary>Why a slot is where it is, with what was against every other node. Immutable.</summary>
public sealed class PlacementExplanation
{
    private readonly Dictionary<NodeName, string> _verdicts;

    internal PlacementExplanation(PlacementDecision decision, Dictionary<NodeName, string> verdicts)
    {
        Decision = decision;
        _verdicts = verdicts;
    }

    /// <summary>Gets the decision.</summary>
    public PlacementDecision Decision { get; }

    /// <summary>Says what was against a node, in one sentence for people.</summary>
    /// <param name="node">The node.</param>
    public string WhyNot(NodeName node) =>
        _verdicts.TryGetValue(node, out string? verdict) ? verdict : $"{node} is not among the nodes.";

    /// <summary>Returns the decision as text.</summary>
    public override string ToString() => Decision.ToString();
}
