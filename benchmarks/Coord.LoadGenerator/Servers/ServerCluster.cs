using System.Diagnostics;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Coord.LoadGenerator.Servers;

/// <summary>One or more server processes that make up a cluster. etcd and coord-host take the same flags.</summary>
internal sealed class ServerCluster : IAsyncDisposable
{
    private static readonly TimeSpan ReconnectAfter = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _program;
    private readonly string _directory;
    private readonly int _basePort;
    private readonly int _nodes;
    private readonly List<Process> _processes = [];

    public ServerCluster(string program, string directory, int basePort, int nodes)
    {
        _program = Path.GetFullPath(program);
        _directory = System.IO.Directory.CreateDirectory(
            Path.Combine(directory, $"coord-load-{Guid.NewGuid():N}")).FullName;
        (_basePort, _nodes) = (basePort, nodes);
    }

    public IReadOnlyList<string> Endpoints =>
        [.. Enumerable.Range(0, _nodes).Select(i => $"http://127.0.0.1:{ClientPort(i)}")];

    public IReadOnlyList<int> ProcessIds => [.. _processes.Select(process => process.Id)];

    /// <summary>Starts all members, and returns when each answers a linearizable read.</summary>
    public async Task StartAsync()
    {
        for (int i = 0; i < _nodes; i++)
            _processes.Add(Start(i));
        foreach (string endpoint in Endpoints)
            await AnswersAsync(endpoint);
    }

    /// <summary>Ends the members without a warning, and forgets their processes.</summary>
    public void Kill()
    {
        foreach (Process process in _processes)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        _processes.Clear();
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        System.IO.Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    private Process Start(int node)
    {
        string cluster = string.Join(',', Enumerable.Range(0, _nodes).Select(i => $"n{i}={PeerUrl(i)}"));
        string client = $"http://127.0.0.1:{ClientPort(node)}";
        ProcessStartInfo start = new(_program)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _directory,
        };
        string[] arguments =
        [
            "--name", $"n{node}", "--data-dir", Path.Combine(_directory, $"n{node}"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", PeerUrl(node), "--initial-advertise-peer-urls", PeerUrl(node),
            "--initial-cluster", cluster, "--log-level", "error", "--logger", "zap",
            "--quota-backend-bytes", "8589934592",
        ];
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);

        Process process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task AnswersAsync(string endpoint)
    {
        // By itself a channel that was refused waits a second before it asks again, and longer each time: that, and not
        // the server, would be what is measured.
        using GrpcChannel channel = GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions
        {
            InitialReconnectBackoff = ReconnectAfter,
            MaxReconnectBackoff = ReconnectAfter,
        });
        KV.KVClient kv = new(channel);
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await kv.RangeAsync(
                    new RangeRequest { Key = ByteString.CopyFromUtf8("a") },
                    deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(5));
                return;
            }
            catch (RpcException exception)
            {
                if (_processes.Any(process => process.HasExited))
                    throw new InvalidOperationException($"{_program} has ended by itself.", exception);
                if (TimeProvider.System.GetElapsedTime(start) > Patience)
                    throw new TimeoutException($"{_program} does not answer at {endpoint}.", exception);
                await Task.Delay(ReconnectAfter);
            }
        }
    }

    private int ClientPort(int node) => _basePort + (2 * node);

    private string PeerUrl(int node) => $"http://127.0.0.1:{_basePort + (2 * node) + 1}";
}
