using System.Diagnostics;
using System.Text;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Harness;

/// <summary>A real coord-host process, whose output is kept and which never outlives the test.</summary>
internal sealed class HostProcess : IDisposable
{
    /// <summary>The host that the tests run, beside them in the build.</summary>
    public static readonly string Assembly = FindAssembly();

    private readonly OsProcess _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly Lock _lock = new();

    private HostProcess(OsProcess process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Append(_errors, line.Data);
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Output => Read(_output);

    public string Errors => Read(_errors);

    /// <summary>Starts the host.</summary>
    /// <param name="arguments">Its flags.</param>
    /// <param name="workingDirectory">Where relative paths of its defaults end up.</param>
    /// <param name="environment">Variables besides the inherited ones.</param>
    public static HostProcess Start(
        IEnumerable<string> arguments, string workingDirectory, params (string Name, string Value)[] environment) =>
        Start(new HostCommand { Environment = environment }, arguments, workingDirectory);

    /// <summary>Starts these tests once more, as a process that does what its arguments say.</summary>
    public static HostProcess StartSelf(IEnumerable<string> arguments, string workingDirectory) =>
        Start(new HostCommand { Assembly = typeof(HostProcess).Assembly.Location }, arguments, workingDirectory);

    /// <summary>Starts a host in another way than usual: another build of it, or under a tracer.</summary>
    public static HostProcess Start(HostCommand command, IEnumerable<string> arguments, string workingDirectory)
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] words = [.. command.Prefix, dotnet, "exec", command.Assembly, .. arguments];
        ProcessStartInfo start = new(words[0], words[1..])
        {
            WorkingDirectory = workingDirectory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (string name in start.Environment.Keys.Where(IsOurs).ToList())
            start.Environment.Remove(name);
        foreach ((string name, string value) in command.Environment)
            start.Environment[name] = value;

        HostProcess host = new(new OsProcess { StartInfo = start });
        host._process.Start();
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += host.OnTestsEnd;
        return host;
    }

    /// <summary>Runs the host until it ends by itself.</summary>
    public static async Task<HostProcess> RunAsync(
        IEnumerable<string> arguments, string workingDirectory, params (string Name, string Value)[] environment)
    {
        HostProcess host = Start(arguments, workingDirectory, environment);
        await host.ExitAsync();
        return host;
    }

    /// <summary>Sends SIGKILL: nothing more is written or sent from this moment on.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Sends a signal, such as TERM, STOP or CONT.</summary>
    public void Signal(string name)
    {
        using OsProcess kill = OsProcess.Start("/bin/sh", ["-c", $"kill -{name} {_process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Writes a line to its input.</summary>
    public void Say(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Waits until the process has ended and all its output is here.</summary>
    public async Task<int> ExitAsync()
    {
        using CancellationTokenSource giveUp = new(Eventually.Patience);
        try
        {
            await _process.WaitForExitAsync(giveUp.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"It still runs after {Eventually.Patience}.\n{Transcript()}", exception);
        }
    }

    public string Transcript() => $"--- stdout\n{Output}--- stderr\n{Errors}";

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnTestsEnd;
        Kill();
        _process.Dispose();
    }

    private static bool IsOurs(string variable) =>
        variable.StartsWith("ETCD_", StringComparison.Ordinal)
        || variable.StartsWith("COORD_", StringComparison.Ordinal);

    /// <summary>Both are built into folders named for the project and the configuration, side by side.</summary>
    private static string FindAssembly()
    {
        DirectoryInfo own = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string path = Path.GetFullPath(Path.Combine(
            own.FullName, "..", "..", "Coord.SampleHost", own.Name, "coord-host.dll"));
        return File.Exists(path)
            ? path
            : throw new FileNotFoundException("Build samples/Coord.SampleHost first.", path);
    }

    private void OnTestsEnd(object? sender, EventArgs e) => Kill();

    private void Append(StringBuilder text, string? line)
    {
        lock (_lock)
        {
            if (line is not null)
                text.AppendLine(line);
        }
    }

    private string Read(StringBuilder text)
    {
        lock (_lock)
            return text.ToString();
    }
}
