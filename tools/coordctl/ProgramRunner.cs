using System.ComponentModel;
using System.Diagnostics;

namespace Coord.Cli;

/// <summary>Runs the program that a command line has after "--".</summary>
public static class ProgramRunner
{
    /// <returns>Its exit code.</returns>
    /// <exception cref="UsageException">It cannot be started.</exception>
    /// <exception cref="OperationCanceledException">It was ended, because the command was.</exception>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> program,
        IEnumerable<(string Name, string Value)> environment,
        CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(program[0], program.Skip(1)) { UseShellExecute = false };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;

        using Process process = new() { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            throw new UsageException($"'{program[0]}' cannot be run: {exception.Message}.");
        }

        try
        {
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
