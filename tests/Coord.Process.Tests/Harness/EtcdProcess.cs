using System.Text;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Process.Tests.Harness;

/// <summary>A real etcd of one member, whose output is kept and which never outlives the test.</summary>
internal sealed class EtcdProcess : IDisposable
{
    private readonly StringBuilder _output = new();
    private readonly OsProcess _process;

    private EtcdProcess(OsProcess process, string endpoint)
    {
        (_process, Endpoint) = (process, endpoint);
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        AppDomain.CurrentDomain.ProcessExit += OnTestsEnd;
    }

    public string Endpoint { get; }

    /// <summary>Starts it on a directory, empty or made by <see cref="RestoreAsync"/>, and waits for it.</summary>
    public static async Task<EtcdProcess> StartAsync(string directory, string peerUrl)
    {
        string endpoint = $"http://127.0.0.1:{FreePorts.Next()}";
        OsProcess process = new()
        {
            StartInfo = EtcdTool.StartInfo("etcd",
            [
                "--name=e", $"--data-dir={directory}", $"--listen-client-urls={endpoint}",
                $"--advertise-client-urls={endpoint}", $"--listen-peer-urls={peerUrl}",
                $"--initial-advertise-peer-urls={peerUrl}", $"--initial-cluster=e={peerUrl}",
            ]),
        };
        EtcdProcess etcd = new(process, endpoint);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using HttpClient http = new();
        await Eventually.IsTrueAsync("etcd is healthy.", async () =>
        {
            Assert.False(process.HasExited, $"etcd has ended:\n{etcd._output}");
            try
            {
                return (await http.GetAsync(new Uri($"{endpoint}/health"))).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return etcd;
    }

    /// <summary>Makes a directory for it from a snapshot.</summary>
    public static Task RestoreAsync(string snapshot, string directory, string peerUrl) => EtcdTool.RunAsync(
        "snapshot", "restore", snapshot, "--name=e", $"--data-dir={directory}",
        $"--initial-advertise-peer-urls={peerUrl}", $"--initial-cluster=e={peerUrl}");

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnTestsEnd;
        OnTestsEnd(null, EventArgs.Empty);
        _process.Dispose();
    }

    private void OnTestsEnd(object? sender, EventArgs e)
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
    }

    private void Append(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
    }
}
