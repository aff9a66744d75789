using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>All workloads by their names. A seed chooses one of them.</summary>
internal static class WorkloadCatalogue
{
    public static IReadOnlyDictionary<string, Func<Chance, IWorkload>> All { get; } =
        new SortedDictionary<string, Func<Chance, IWorkload>>(StringComparer.Ordinal)
        {
            ["registers"] = chance => new RegisterWorkload(chance),
        };
}
