using Coord.Simulation.Kernel;

namespace Coord.Simulation;

/// <summary>Turns on one planted bug after the other, and tells after how many seeds it is caught, by what.</summary>
internal sealed class MutantTable(RunOptions options, ulong first, long seeds)
{
    /// <summary>Gets the names of all planted bugs.</summary>
    public static IReadOnlyList<string> Names =>
        [.. Raft.Mutants.Names.Concat(Kv.Mutants.Names).Order(StringComparer.Ordinal)];

    /// <summary>Prints the table.</summary>
    /// <returns>How many survived.</returns>
    public int Print(IReadOnlyList<string> names)
    {
        int survivors = 0;
        foreach (string name in names)
        {
            (long tried, SimulationFailedException? failure) = Hunt(name);
            Console.WriteLine(failure is null
                ? $"{name,-34} SURVIVED {tried} seeds"
                : $"{name,-34} caught after {tried,5} seeds by {failure.Kind}: {Shorten(failure.Message)}");
            survivors += failure is null ? 1 : 0;
        }

        Console.WriteLine($"{names.Count - survivors} of {names.Count} caught.");
        return survivors;
    }

    private (long Tried, SimulationFailedException? Failure) Hunt(string mutant)
    {
        for (long tried = 1; tried <= seeds; tried++)
        {
            ulong seed = first + (ulong)tried - 1;
            RunOptions run = options with { Mutant = mutant, Seed = seed };
            // A seed that fails all the same has not found this one.
            if (SimulationRun.Run(run).Failure is { } failure
                && SimulationRun.Run(run with { Mutant = "" }).Failure is null)
            {
                return (tried, failure);
            }
        }

        return (seeds, null);
    }

    private static string Shorten(string message)
    {
        string line = message.Split('\n')[0];
        return line.Length <= 90 ? line : line[..90] + "...";
    }
}
