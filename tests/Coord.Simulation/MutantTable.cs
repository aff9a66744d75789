using System.Diagnostics;
using Coord.Simulation.Kernel;

namespace Coord.Simulation;

/// <summary>Turns on one planted bug after the other, and tells after how many seeds it is caught, by what.</summary>
/// <remarks>
/// Its time may be bounded. Then it says at its end with which arguments another process goes on, so that a table of
/// all bugs comes together in pieces. A line of it counts from the first seed, in however many pieces.
/// </remarks>
/// <param name="options">What all runs have in common.</param>
/// <param name="first">The first seed.</param>
/// <param name="seeds">How many seeds each bug survives before it is given up.</param>
/// <param name="time">How long to hunt; null for as long as it takes.</param>
/// <param name="skipped">How many seeds the first bug of the list has survived before.</param>
internal sealed class MutantTable(RunOptions options, ulong first, long seeds, TimeSpan? time, long skipped)
{
    private readonly long _begun = Stopwatch.GetTimestamp();

    /// <summary>Gets the names of all planted bugs.</summary>
    public static IReadOnlyList<string> Names =>
        [.. Raft.Mutants.Names.Concat(Kv.Mutants.Names).Order(StringComparer.Ordinal)];

    private bool IsTimeUp => time is { } bound && Stopwatch.GetElapsedTime(_begun) >= bound;

    /// <summary>Prints the table.</summary>
    /// <returns>Whether all were caught.</returns>
    public bool Print(IReadOnlyList<string> names)
    {
        int caught = 0;
        for (int i = 0; i < names.Count; i++)
        {
            long tried = i == 0 ? skipped : 0;
            SimulationFailedException? failure = Hunt(names[i], ref tried);
            if (failure is null && tried < seeds)
            {
                string rest = string.Join(',', names.Skip(i));
                Console.WriteLine($"{caught} caught. Go on: --mutants {rest} --tried {tried}");
                return false;
            }

            caught += failure is null ? 0 : 1;
            Console.WriteLine(failure is null
                ? $"{names[i],-34} SURVIVED {tried} seeds"
                : $"{names[i],-34} {tried,6}  {failure.Kind}: {Shorten(failure.Message)}");
        }

        Console.WriteLine($"{caught} of {names.Count} caught.");
        return caught == names.Count;
    }

    /// <summary>Runs seeds until the bug is found, all are used up, or the time is over.</summary>
    private SimulationFailedException? Hunt(string mutant, ref long tried)
    {
        while (tried < seeds && !IsTimeUp)
        {
            RunOptions run = options with { Mutant = mutant, Seed = first + (ulong)tried++ };
            // A seed that fails all the same has not found this one.
            if (SimulationRun.Run(run).Failure is { } failure
                && SimulationRun.Run(run with { Mutant = "" }).Failure is null)
            {
                return failure;
            }
        }

        return null;
    }

    private static string Shorten(string message)
    {
        string line = message.Split('\n')[0];
        return line.Length <= 90 ? line : line[..90] + "...";
    }
}
