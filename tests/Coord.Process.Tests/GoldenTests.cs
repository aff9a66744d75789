using System.Diagnostics;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests;

/// <summary>
/// What a real etcd answered, recorded once, is what coord-host answers: to etcdctl and to plain HTTP.
/// </summary>
public sealed class GoldenTests(ITestOutputHelper output)
{
    /// <summary>A fixed set of ports is in the recording, so the replay has a network of its own.</summary>
    private const string Script = """
        set -e
        ip link set lo up
        sed '/^# --- auth/,$d' "$GOLDEN/$CASES" > cases
        "$DOTNET" exec "$HOST" --name infra0 --data-dir data --listen-client-urls http://127.0.0.1:2379 \
          --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 \
          --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster infra0=http://127.0.0.1:2380 \
          > host.log 2>&1 &
        for i in $(seq 600); do grep -q published host.log && break; sleep 0.1; done
        python3 "$GOLDEN/golden.py" check cases "$GOLDEN/$RECORDED" 127.0.0.1:2379
        kill $!
        wait
        """;

    [GoldenFact]
    public async Task The_recorded_commands_of_etcdctl_are_answered_alike()
    {
        Assert.Empty(Differences(await ReplayAsync("etcdctl.cases", "etcdctl.golden")));
    }

    [GoldenFact]
    public async Task The_recorded_requests_are_answered_alike()
    {
        // The names of metrics are those of an implementation's parts.
        string[] differences = Differences(await ReplayAsync("http.cases", "http.golden"));
        Assert.All(differences, difference => Assert.Contains("/metrics", difference, StringComparison.Ordinal));
    }

    private static string[] Differences(string report)
    {
        Assert.Contains("COUNTS", report, StringComparison.Ordinal);
        return report.Split("--- DIFF")[1..];
    }

    private async Task<string> ReplayAsync(string cases, string recorded)
    {
        using TestDirectory directory = new();
        string[] arguments =
            ["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", Script];
        ProcessStartInfo start = new("unshare", arguments)
        {
            WorkingDirectory = directory.Path,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GOLDEN"] = GoldenFactAttribute.Folder;
        start.Environment["CASES"] = cases;
        start.Environment["RECORDED"] = recorded;
        start.Environment["HOST"] = HostProcess.Assembly;
        start.Environment["DOTNET"] = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        using OsProcess process = OsProcess.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string report = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        output.WriteLine($"{report}\n{await errors}");
        return report;
    }
}
