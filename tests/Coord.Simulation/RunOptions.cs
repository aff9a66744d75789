using Coord.Simulation.Faults;

namespace Coord.Simulation;

/// <summary>What a run is a function of, beside the program: the seed, and what was taken out of it.</summary>
internal sealed record RunOptions
{
    public ulong Seed { get; init; }

    /// <summary>Gets which workload runs; null lets the seed choose.</summary>
    public string? Workload { get; init; }

    /// <summary>Gets the faults that do not happen in spite of the seed.</summary>
    public IReadOnlySet<FaultKind> Without { get; init; } = new SortedSet<FaultKind>();

    /// <summary>Gets how many members there are at the beginning; null lets the seed choose.</summary>
    public int? Nodes { get; init; }

    /// <summary>Gets how many clients there are; null lets the seed choose.</summary>
    public int? Clients { get; init; }

    /// <summary>Gets how many operations each client does at most.</summary>
    public int Operations { get; init; } = int.MaxValue;

    /// <summary>Gets how many faults of the injector happen at most; the later ones do not.</summary>
    public int Injections { get; init; } = int.MaxValue;

    /// <summary>Gets the planted bug that is on; empty for none.</summary>
    public string Mutant { get; init; } = "";

    /// <summary>Gets a value indicating whether disks also lose and misdirect writes, and are emptied.</summary>
    public bool MoreDiskFaults { get; init; }

    /// <summary>Gets a value indicating whether the run is traced.</summary>
    public bool Trace { get; init; }

    /// <summary>Returns the arguments that make the same run again.</summary>
    public string ToArguments()
    {
        List<string> parts = [$"--seed {Seed}"];
        if (Workload is not null)
            parts.Add($"--workload {Workload}");
        if (Nodes is { } nodes)
            parts.Add($"--nodes {nodes}");
        if (Clients is { } clients)
            parts.Add($"--clients {clients}");
        if (Operations != int.MaxValue)
            parts.Add($"--operations {Operations}");
        if (Injections != int.MaxValue)
            parts.Add($"--injections {Injections}");
        if (Without.Count > 0)
            parts.Add($"--without {string.Join(',', Without)}");
        if (MoreDiskFaults)
            parts.Add("--more-disk-faults");
        if (Mutant.Length > 0)
            parts.Add($"--mutant {Mutant}");
        return string.Join(' ', parts);
    }
}
