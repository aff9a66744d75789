using System.Diagnostics;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Harness;

/// <summary>Runs coordctl, as an operator would.</summary>
internal static class CoordTool
{
    private static readonly string Assembly = FindAssembly();

    /// <summary>Starts a command that goes on; the caller writes to it, reads from it, and ends it.</summary>
    public static OsProcess Start(params string[] arguments)
    {
        string program = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        ProcessStartInfo start = EtcdTool.StartInfo(program, ["exec", Assembly, .. arguments]);
        start.RedirectStandardInput = true;
        return OsProcess.Start(start)!;
    }

    /// <summary>Runs a command and returns what it prints; fails the test if it fails.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        using OsProcess process = Start(arguments);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        using CancellationTokenSource giveUp = new(Eventually.Patience);
        await process.WaitForExitAsync(giveUp.Token);
        Assert.True(
            process.ExitCode == 0, $"coordctl {string.Join(' ', arguments)} failed:\n{output}{await errors}");
        return output;
    }

    /// <summary>Fills the directories of a cluster that has not started yet from a snapshot.</summary>
    public static async Task RestoreAsync(TestCluster cluster, string path, params string[] flags)
    {
        foreach (ClusterMember member in cluster.Members)
        {
            await RunAsync(
            [
                "snapshot", "restore", path, "--name", member.Name, "--data-dir", member.DataDirectory,
                "--initial-cluster", cluster.InitialCluster, .. flags,
            ]);
        }
    }

    /// <summary>Built into a folder named for the project and the configuration, beside the tests' own.</summary>
    private static string FindAssembly()
    {
        DirectoryInfo own = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string path = Path.GetFullPath(Path.Combine(own.FullName, "..", "..", "Coord.Cli", own.Name, "coordctl.dll"));
        return File.Exists(path)
            ? path
            : throw new FileNotFoundException("Build tools/coordctl first.", path);
    }
}
