namespace Coord.Scheduling;

/// <summary>What a unit shall be, or is, in fleet's words.</summary>
public enum UnitState
{
    /// <summary>Known to the cluster and on no node.</summary>
    Inactive,

    /// <summary>Placed on a node, and not started.</summary>
    Loaded,

    /// <summary>Placed and started.</summary>
    Launched,
}
