namespace Coord.Simulation.Checking;

/// <summary>What a search can say about a history.</summary>
internal enum Verdict
{
    /// <summary>There is an order that explains it.</summary>
    Linearizable,

    /// <summary>All orders were tried, and none explains it.</summary>
    NotLinearizable,

    /// <summary>
    /// The budget ran out first. It says nothing about the product: the workload has too many concurrent calls of one
    /// key for this search.
    /// </summary>
    Unknown,
}
