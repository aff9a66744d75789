using Coord.Simulation.Kernel;

namespace Coord.Simulation.Workloads;

/// <summary>All workloads by their names. A seed chooses one of them, which may be a mixture of the others.</summary>
internal static class WorkloadCatalogue
{
    private static readonly SortedDictionary<string, Func<Chance, IWorkload>> Single = new(StringComparer.Ordinal)
    {
        ["bank"] = static chance => new BankWorkload(chance),
        ["election"] = static chance => new LockWorkload(chance, isElection: true),
        ["leases"] = static chance => new LeaseWorkload(chance),
        ["locks"] = static chance => new LockWorkload(chance, isElection: false),
        ["registers"] = static chance => new RegisterWorkload(chance),
        ["sessions"] = static chance => new SessionWorkload(chance),
        ["watches"] = static chance => new WatchWorkload(chance),
    };

    public static IReadOnlyDictionary<string, Func<Chance, IWorkload>> All { get; } =
        new SortedDictionary<string, Func<Chance, IWorkload>>(Single, StringComparer.Ordinal)
        {
            ["mixed"] = static chance => new MixedWorkload(chance, [.. Single.Values]),
        };
}
