using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Coord.Client;
using Coord.Kv;

namespace Coord.Contract.Tests.Harness;

/// <summary>A real etcd of one member, from the PATH, on a free port and in a directory of its own.</summary>
public sealed class EtcdServer : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coord-contract-").FullName;
    private readonly StringBuilder _output = new();
    private Process? _process;
    private CoordClient? _client;

    public static string? SkipReason { get; } = Find() is null
        ? "There is no etcd on the PATH (Debian: apt install etcd-server)." : null;

    public IKeyValueStore Store => _client!;

    public string Endpoint { get; private set; } = "";

    public async Task InitializeAsync()
    {
        if (Find() is not { } path)
            return;

        Endpoint = $"http://127.0.0.1:{FreePort()}";
        string peer = $"http://127.0.0.1:{FreePort()}";
        ProcessStartInfo start = new(path)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] flags =
        [
            "--name=e", $"--data-dir={_directory}", $"--listen-client-urls={Endpoint}",
            $"--advertise-client-urls={Endpoint}", $"--listen-peer-urls={peer}",
            $"--initial-advertise-peer-urls={peer}", $"--initial-cluster=e={peer}", "--unsafe-no-fsync",
        ];
        foreach (string flag in flags)
            start.ArgumentList.Add(flag);
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("ETCD_", StringComparison.Ordinal))
            .ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["ETCD_UNSUPPORTED_ARCH"] = "arm64";
        _process = new() { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += OnTestsEnd;

        CoordClientOptions options = new() { RequestTimeout = TimeSpan.FromSeconds(60) };
        options.Endpoints.Add(Endpoint);
        _client = new(options);
        try
        {
            await _client.GetAsync("ready");
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"etcd does not answer:\n{_output}", exception);
        }
    }

    public async Task DisposeAsync()
    {
        if (_client is not null)
            await _client.DisposeAsync();
        if (_process is not null)
        {
            AppDomain.CurrentDomain.ProcessExit -= OnTestsEnd;
            OnTestsEnd(null, EventArgs.Empty);
            _process.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }

    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, "etcd"))
        .FirstOrDefault(File.Exists);

    private void OnTestsEnd(object? sender, EventArgs e)
    {
        if (_process is { HasExited: false })
            _process.Kill();
        _process?.WaitForExit();
    }

    private void Append(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
    }
}
