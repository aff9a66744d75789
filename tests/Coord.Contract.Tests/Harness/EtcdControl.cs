using System.Diagnostics;

namespace Coord.Contract.Tests.Harness;

/// <summary>A running etcdctl: a stranger that holds what Coord's recipes wait for, and the other way round.</summary>
internal sealed class EtcdControl : IDisposable
{
    private readonly Process _process;

    public EtcdControl(string endpoint, params string[] arguments)
    {
        ProcessStartInfo start = new("etcdctl") { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["ETCDCTL_API"] = "3";
        start.ArgumentList.Add($"--endpoints={endpoint}");
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        _process = new() { StartInfo = start };
        _process.Start();
    }

    /// <summary>The next line that it prints.</summary>
    public async Task<string?> LineAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1));

    /// <summary>Lets it end as a user does, who presses control and C: it lets go of what it holds.</summary>
    public async Task InterruptAsync()
    {
        using Process kill = Process.Start("kill", ["-INT", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
