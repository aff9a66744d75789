namespace Coord.Scheduling.Placement;

/// <summary>The filters that Coord has, in the order in which they are asked.</summary>
/// <remarks>Those up to <see cref="Cordoned"/> depend on the shape of the unit and on the node alone.</remarks>
internal enum FilterKind
{
    None,
    Request,
    Global,
    Pin,
    Runner,
    Offers,
    Labels,
    Taints,
    SpreadLabel,
    Draining,
    Cordoned,
    Resources,
    Conflicts,
    SameNode,
    Spread,
    Replaces,

    /// <summary>The first of the filters that the options add.</summary>
    Custom,
}
