using Spectre.Console;

namespace Coord.Cli;

/// <summary>Operates a cluster from a shell, with etcdctl's verbs and flags.</summary>
public static class Program
{
    private static async Task<int> Main(string[] words)
    {
        using CancellationTokenSource stop = new();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        // Nobody sees the width of a file or a pipe.
        if (Console.IsOutputRedirected)
            AnsiConsole.Console.Profile.Width = 500;
        await using Stream output = Console.OpenStandardOutput();
        Terminal terminal = new(
            output, Console.Error, Console.In, !Console.IsOutputRedirected, AnsiConsole.Console,
            Environment.GetEnvironmentVariable);
        return await CommandTree.RunAsync(words, terminal, stop.Token);
    }
}
