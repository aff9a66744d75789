using Coord.Simulation.Faults;
using Coord.Simulation.Kernel;

namespace Coord.Simulation;

/// <summary>What came out of a run.</summary>
internal sealed record RunResult(RunOptions Options, string Workload, FaultCounts Faults)
{
    /// <summary>Gets what went wrong; null if nothing did.</summary>
    public SimulationFailedException? Failure { get; init; }

    /// <summary>Gets the hash of all that happened.</summary>
    public ulong Hash { get; init; }

    /// <summary>Gets how much time went by, in nanoseconds of the simulation.</summary>
    public long SimulatedTime { get; init; }

    public long Events { get; init; }

    /// <summary>Gets how often the run came to places that matter.</summary>
    public required MarkCounts Marks { get; init; }

    public int Nodes { get; init; }

    public int Clients { get; init; }

    /// <summary>Gets how many faults the injector has brought about.</summary>
    public int Injections { get; init; }

    public int Elections { get; init; }

    public int Commands { get; init; }

    public int Snapshots { get; init; }

    /// <summary>Gets how many members have made a damaged log good.</summary>
    public int Repairs { get; init; }

    /// <summary>Gets how many members had to be replaced because of a damaged log.</summary>
    public int Replacements { get; init; }
}
