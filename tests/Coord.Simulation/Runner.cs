using Coord.Simulation.Kernel;

namespace Coord.Simulation;

/// <summary>Runs seeds, one after the other, and says what came of them.</summary>
internal sealed class Runner(RunnerArguments arguments)
{
    private const int TraceLinesShown = 60;
    private const int SeedsForMarks = 200;

    private readonly RunnerTotals _totals = new();

    public static int Run(string[] args)
    {
        try
        {
            World.RequireOneThread();
            return new Runner(RunnerArguments.Parse(args)).Run();
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            Console.Error.WriteLine(exception.Message);
            Console.Error.WriteLine(RunnerArguments.Usage);
            return 2;
        }
    }

    private int Run()
    {
        if (arguments.IsOneSeed)
            return RunOne();
        if (arguments.Mutants is { } mutants)
        {
            MutantTable table = new(
                arguments.Options, arguments.First, arguments.Seeds, arguments.Time, arguments.Tried);
            return table.Print(mutants) ? 0 : 1;
        }

        foreach (RunOptions options in arguments.IsRegression ? Regressions.Load() : Swarm())
        {
            RunResult result = SimulationRun.Run(options);
            _totals.Add(result);
            if (arguments.PrintsHashes)
                Console.WriteLine($"{options.ToArguments()}: {result.Hash:x16}");
            if (arguments.VerifiesDeterminism && SimulationRun.Run(options).Hash != result.Hash)
            {
                Console.WriteLine($"NOT DETERMINISTIC: {options.ToArguments()}");
                _totals.Failures++;
            }

            if (result.Failure is not null)
                Report(result);
            if (_totals.Failures > 0 && !arguments.KeepsGoing)
                break;
            _totals.ReportProgress();
        }

        _totals.Report();
        return _totals.Failures == 0 && HasReachedMarks() ? 0 : 1;
    }

    /// <summary>Says where the seeds never came to; few seeds need not have come everywhere.</summary>
    private bool HasReachedMarks()
    {
        Mark[] missing = [.. _totals.Marks.Missing];
        if (!arguments.ChecksMarks || missing.Length == 0)
            return true;

        Console.WriteLine($"Never reached in {_totals.Runs} seeds: {string.Join(", ", missing)}.");
        return _totals.Runs <= SeedsForMarks;
    }

    private IEnumerable<RunOptions> Swarm()
    {
        for (ulong seed = arguments.First; IsMore(seed); seed++)
            yield return arguments.Options with { Seed = seed };
    }

    private bool IsMore(ulong seed) =>
        arguments.Time is { } time ? _totals.Elapsed < time : seed < arguments.First + (ulong)arguments.Seeds;

    private int RunOne()
    {
        RunResult result = arguments.Options.Trace
            ? SimulationRun.Run(arguments.Options, Console.Out) : SimulationRun.Run(arguments.Options);
        _totals.Add(result);
        if (arguments.VerifiesDeterminism && SimulationRun.Run(arguments.Options).Hash != result.Hash)
        {
            Console.WriteLine("NOT DETERMINISTIC");
            return 1;
        }

        if (result.Failure is not null)
            Report(result);
        _totals.Report();
        return _totals.Failures == 0 ? 0 : 1;
    }

    private void Report(RunResult result)
    {
        if (arguments.Shrinks)
        {
            result = Shrinker.Shrink(result);
            Console.WriteLine($"Shrunk to {result.Nodes} nodes, {result.Clients} clients, {result.Injections} faults.");
        }

        Console.WriteLine();
        Console.WriteLine($"FAILED {result.Failure!.Kind}: {result.Failure.Message}");
        Console.WriteLine($"replay: ./build.sh sim {result.Options.ToArguments()} --trace");
        if (arguments.Options.Trace)
            return;

        using StringWriter trace = new();
        SimulationRun.Run(result.Options, trace);
        string[] lines = trace.ToString().Split('\n');
        Console.WriteLine(lines[0]);
        Console.WriteLine("...");
        foreach (string line in lines.Skip(Math.Max(1, lines.Length - TraceLinesShown)))
            Console.WriteLine(line);
    }
}
