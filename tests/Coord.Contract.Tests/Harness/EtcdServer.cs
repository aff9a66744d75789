using Coord.Client;
using Coord.Kv;

namespace Coord.Contract.Tests.Harness;

/// <summary>A real etcd of one member, from the PATH, on a free port and in a directory of its own.</summary>
public sealed class EtcdServer : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coord-contract-").FullName;
    private EtcdProcess? _process;
    private CoordClient? _client;

    public static string? SkipReason { get; } = EtcdTool.IsInstalled("etcd")
        ? null : "There is no etcd on the PATH (Debian: apt install etcd-server).";

    public IKeyValueStore Store => _client!;

    public string Endpoint => _process?.Endpoint ?? "";

    public async Task InitializeAsync()
    {
        if (SkipReason is not null)
            return;

        _process = await EtcdProcess.StartAsync(_directory, flags: "--unsafe-no-fsync");
        CoordClientOptions options = new() { RequestTimeout = TimeSpan.FromSeconds(60) };
        options.Endpoints.Add(Endpoint);
        _client = new(options);
    }

    public async Task DisposeAsync()
    {
        if (_client is not null)
            await _client.DisposeAsync();
        _process?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
