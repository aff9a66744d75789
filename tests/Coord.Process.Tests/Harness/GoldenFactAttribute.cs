using System.Diagnostics;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Harness;

/// <summary>A test that replays recordings, and is skipped where these or what they need is missing.</summary>
internal sealed class GoldenFactAttribute : FactAttribute
{
    private static readonly string? Reason = WhyNot();

    public GoldenFactAttribute() => Skip = Reason;

    /// <summary>Where the recordings are.</summary>
    public static string Folder =>
        Path.Combine(Environment.GetEnvironmentVariable("COORD_SHARED") ?? "/nowhere", "etcd-golden");

    private static string? WhyNot()
    {
        if (!Directory.Exists(Folder))
            return $"The recordings are not in {Folder} (COORD_SHARED).";
        foreach (string tool in (string[])["etcdctl", "curl", "python3", "bash", "unshare", "ip"])
        {
            if (!Runs("sh", "-c", $"command -v {tool}"))
                return $"The replay needs {tool}, which is not installed.";
        }

        return Runs("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "true")
            ? null
            : "No network namespace can be made here (unshare).";
    }

    private static bool Runs(string program, params string[] arguments)
    {
        using OsProcess process = OsProcess.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
