namespace Coord.Scheduling;

/// <summary>How many runners a unit has, and for how long.</summary>
public enum UnitKind
{
    /// <summary>Exactly one in the cluster.</summary>
    Singleton,

    /// <summary>A number of equal ones, spread over the nodes.</summary>
    Replicas,

    /// <summary>One on every node that may run it, present and future.</summary>
    Global,

    /// <summary>Numbered shards, divided over the nodes that offer to own them.</summary>
    Shards,

    /// <summary>One run in the cluster at each instant of a schedule.</summary>
    Cron,

    /// <summary>One run to completion, repeated when it fails.</summary>
    OneShot,
}
