using System.Text.RegularExpressions;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Harness;

/// <summary>strace at some threads of a running member: their system calls fail, wait, or kill the process.</summary>
/// <remarks>
/// strace counts the calls of each thread apart, and Coord's disk work is on threads with names. Tracing these alone
/// also leaves the rest of the process at its full speed.
/// </remarks>
internal sealed class Strace : IDisposable
{
    public const string Log = "coord log";
    public const string Snapshot = "coord snapshot";
    public const string AllLoops = "coord ";

    private static readonly Lazy<string?> Reason = new(Try);
    private readonly TestDirectory _directory = new();
    private readonly OsProcess _process;

    private Strace(HostProcess host, string threads, string[] injections)
    {
        string[] ids = [.. Directory.EnumerateDirectories($"/proc/{host.Id}/task")
            .Where(task => File.ReadAllText(Path.Combine(task, "comm")).StartsWith(threads, StringComparison.Ordinal))
            .Select(task => Path.GetFileName(task)!)];
        Assert.True(ids.Length > 0, $"No thread of the host is named '{threads}...'.");
        string[] words =
            [.. Options(Trace, injections), .. ids.SelectMany(id => (string[])["-p", id])];
        _process = OsProcess.Start(new System.Diagnostics.ProcessStartInfo("strace", words)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        for (int attached = 0; attached < ids.Length;)
        {
            string line = _process.StandardError.ReadLine() ?? throw new IOException("strace did not attach.");
            Assert.True(line.EndsWith(" attached", StringComparison.Ordinal), line);
            attached++;
        }
    }

    private string Trace => _directory.File("trace");

    /// <summary>How many calls it has tampered with. The last one counts only once it has returned.</summary>
    public int Injected => InjectedIn(Trace);

    /// <summary>Says why it cannot be used, or null if it can.</summary>
    public static string? WhyNot() => Reason.Value;

    /// <summary>Begins to tamper with the calls of the threads whose names begin so.</summary>
    /// <param name="host">The process.</param>
    /// <param name="threads">The beginning of the threads' names.</param>
    /// <param name="injections">What strace takes, such as <c>pwrite64:error=EIO:when=3</c>.</param>
    public static Strace Attach(HostProcess host, string threads, params string[] injections) =>
        new(host, threads, injections);

    /// <summary>Makes a command that runs a host under it from the beginning, with all its threads.</summary>
    /// <param name="trace">The file for the trace.</param>
    /// <param name="path">The only file whose calls count, or null for all.</param>
    /// <param name="injections">As above.</param>
    public static HostCommand Launch(string trace, string? path, params string[] injections) => new()
    {
        // The tracer becomes the grandchild, so that the process is the host's own, with its signals and exit code.
        Prefix =
        [
            "strace", "-D", "-f", .. path is null ? [] : (string[])["-P", path],
            .. Options(trace, injections),
        ],
    };

    /// <summary>Counts what was tampered with, according to a trace.</summary>
    public static int InjectedIn(string trace) =>
        File.Exists(trace) ? Regex.Count(File.ReadAllText(trace), @"\(INJECTED\)|\(DELAYED\)") : 0;

    /// <summary>Lets go of the threads: a call that waits goes on at once.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            using OsProcess kill = OsProcess.Start("/bin/sh", ["-c", $"kill -TERM {_process.Id}"]);
            kill.WaitForExit();
        }

        _process.WaitForExit();
        _process.Dispose();
        _directory.Dispose();
    }

    private static string[] Options(string trace, string[] injections)
    {
        string calls = string.Join(',', injections.Select(injection => injection.Split(':')[0]).Distinct());
        return
        [
            "-o", trace, "-e", $"trace={calls}", .. injections.SelectMany(i => (string[])["-e", $"inject={i}"]),
        ];
    }

    private static string? Try()
    {
        if (!EtcdTool.IsInstalled("strace"))
            return "strace is not installed (Debian: apt install strace)";

        using OsProcess process = OsProcess.Start("strace", ["-o", "/dev/null", "-f", "true"]);
        process.WaitForExit();
        return process.ExitCode == 0 ? null : "strace may trace nothing here";
    }
}
