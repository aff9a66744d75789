using System.Globalization;
using Coord.Process.Tests.Harness;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Faults;

/// <summary>Leaves a process a small part of each tenth of a second, and suspends it for the rest.</summary>
internal sealed class Throttle : IDisposable
{
    private readonly HostProcess _host;
    private readonly OsProcess _shell;

    public Throttle(HostProcess host, double share)
    {
        _host = host;
        string runs = (0.1 * share).ToString("0.000", CultureInfo.InvariantCulture);
        string rests = (0.1 * (1 - share)).ToString("0.000", CultureInfo.InvariantCulture);
        _shell = OsProcess.Start("/bin/sh",
        [
            "-c", $"while kill -STOP {host.Id}; do sleep {rests}; kill -CONT {host.Id}; sleep {runs}; done",
        ]);
    }

    public void Dispose()
    {
        _shell.Kill(entireProcessTree: true);
        _shell.WaitForExit();
        _shell.Dispose();
        if (!_host.HasExited)
            _host.Signal("CONT");
    }
}
