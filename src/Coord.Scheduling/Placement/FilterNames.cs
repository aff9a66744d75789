namespace Coord.Scheduling.Placement;

/// <summary>The names of the filters that Coord has, as explanations use them.</summary>
public static class FilterNames
{
    /// <summary>What the unit asks for makes no sense, such as less than nothing of a resource.</summary>
    public const string Request = "request";

    /// <summary>The slot is of a unit that has one on each node, and this one is for another node.</summary>
    public const string Global = "global";

    /// <summary>The unit is pinned to another node.</summary>
    public const string Pin = "pin";

    /// <summary>The node takes no new units.</summary>
    public const string Cordoned = "cordoned";

    /// <summary>The node wants to leave.</summary>
    public const string Draining = "draining";

    /// <summary>The node does not have the runner.</summary>
    public const string Runner = "runner";

    /// <summary>The code of the unit is not in the node's app.</summary>
    public const string Offers = "offers";

    /// <summary>The node lacks a label, or has another value of it.</summary>
    public const string Labels = "labels";

    /// <summary>The unit does not tolerate a taint of the node.</summary>
    public const string Taints = "taints";

    /// <summary>The node does not have the label over which the unit is spread.</summary>
    public const string SpreadLabel = "spread-label";

    /// <summary>The node has too little left of a resource.</summary>
    public const string Resources = "resources";

    /// <summary>A unit on the node conflicts with this one, by the patterns of either.</summary>
    public const string Conflicts = "conflicts";

    /// <summary>The unit beside which this one must be is not on the node.</summary>
    public const string SameNode = "same-node";

    /// <summary>The unit's slots would be spread less evenly than it allows.</summary>
    public const string Spread = "spread";

    /// <summary>The unit takes the place of another one, which is not on the node.</summary>
    public const string Replaces = "replaces";

    private static readonly string[] All =
    [
        "", Request, Global, Pin, Runner, Offers, Labels, Taints, SpreadLabel, Draining, Cordoned, Resources,
        Conflicts, SameNode, Spread, Replaces,
    ];

    internal static string Of(FilterKind kind, IReadOnlyList<IPlacementFilter> custom) =>
        kind < FilterKind.Custom ? All[(int)kind] : custom[kind - FilterKind.Custom].Name;
}
