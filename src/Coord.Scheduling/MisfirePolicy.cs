namespace Coord.Scheduling;

/// <summary>What becomes of a schedule's instants that passed while nothing could fire.</summary>
public enum MisfirePolicy
{
    /// <summary>They are left out.</summary>
    Skip,

    /// <summary>The last of them fires, late.</summary>
    FireOnce,

    /// <summary>All of them fire, late, one after the other; at most the last 100.</summary>
    FireAll,
}
