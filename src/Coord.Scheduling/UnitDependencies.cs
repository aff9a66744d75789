namespace Coord.Scheduling;

/// <summary>What a unit has to do with others on its node, in systemd's words. Immutable.</summary>
public sealed record UnitDependencies
{
    /// <summary>Gets the dependencies of a unit that has none.</summary>
    public static UnitDependencies None { get; } = new();

    /// <summary>Gets the units that are started before, where both are to be started on one node.</summary>
    public IReadOnlyList<UnitName> After { get; init; } = [];

    /// <summary>Gets the units that must run on the node for this one to be started.</summary>
    public IReadOnlyList<UnitName> Requires { get; init; } = [];

    /// <summary>Gets the units with which this one is stopped, whyever they end, besides requiring them.</summary>
    public IReadOnlyList<UnitName> BindsTo { get; init; } = [];
}
