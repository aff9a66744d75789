using System.Diagnostics;

namespace Coord.Simulation;

/// <summary>Starts the simulator in a process that knows of one processor: then all runs on one thread.</summary>
internal static class Launcher
{
    private const string Processors = "DOTNET_PROCESSOR_COUNT";

    public static bool NeedsOwnProcess =>
        Environment.ProcessorCount != 1 || Environment.GetEnvironmentVariable(Processors) is null;

    public static int Run(string[] args)
    {
        if (Environment.GetEnvironmentVariable(Processors) is not null)
            throw new InvalidOperationException($"{Processors} is set, and the runtime sees more processors.");

        ProcessStartInfo start = new(Environment.ProcessPath!) { UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(Launcher).Assembly.Location);
        foreach (string argument in args)
            start.ArgumentList.Add(argument);
        start.Environment[Processors] = "1";
        using Process process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
