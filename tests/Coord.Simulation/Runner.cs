using Coord.Simulation.Kernel;

namespace Coord.Simulation;

/// <summary>Runs seeds, one after the other, and says what came of them.</summary>
internal sealed class Runner(RunnerArguments arguments)
{
    private const int TraceLinesShown = 60;

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

        for (ulong seed = arguments.First; IsMore(seed); seed++)
        {
            RunOptions options = arguments.Options with { Seed = seed };
            RunResult result = SimulationRun.Run(options);
            _totals.Add(result);
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
        return _totals.Failures == 0 ? 0 : 1;
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
        Console.WriteLine($"hash {result.Hash:x16}");
        return _totals.Failures == 0 ? 0 : 1;
    }

    private void Report(RunResult result)
    {
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
