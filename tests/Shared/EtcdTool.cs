using System.Diagnostics;
using System.Text.Json;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Testing;

/// <summary>Runs etcd's own tool, as an operator would.</summary>
internal static class EtcdTool
{
    public static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Makes what starts one of etcd's programs, without any settings of the test's own environment.</summary>
    public static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys
            .Where(name => name.StartsWith("ETCD", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["ETCDCTL_API"] = "3";
        start.Environment["ETCD_UNSUPPORTED_ARCH"] = "arm64";
        return start;
    }

    /// <summary>Runs a command and returns what it prints; fails the test if it fails.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        using OsProcess process = OsProcess.Start(StartInfo("etcdctl", arguments))!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        using CancellationTokenSource giveUp = new(Eventually.Patience);
        await process.WaitForExitAsync(giveUp.Token);
        Assert.True(
            process.ExitCode == 0, $"etcdctl {string.Join(' ', arguments)} failed:\n{output}{await errors}");
        return output;
    }

    /// <summary>Runs a command at a server.</summary>
    public static Task<string> AtAsync(string endpoint, params string[] arguments) =>
        RunAsync(["--endpoints", endpoint, .. arguments]);

    /// <summary>Reads everything at a revision, as JSON text of the keys with all their revisions.</summary>
    public static async Task<string> ReadAllAsync(string endpoint, long revision)
    {
        string output = await AtAsync(
            endpoint, "get", "", "--from-key", "--rev", $"{revision}", "-w", "json");
        using JsonDocument answer = JsonDocument.Parse(output);
        return answer.RootElement.TryGetProperty("kvs", out JsonElement keys) ? keys.GetRawText() : "";
    }

    /// <summary>Reads the revision of the store.</summary>
    public static async Task<long> RevisionAsync(string endpoint)
    {
        using JsonDocument answer = JsonDocument.Parse(await AtAsync(endpoint, "get", "none", "-w", "json"));
        return answer.RootElement.GetProperty("header").GetProperty("revision").GetInt64();
    }
}
