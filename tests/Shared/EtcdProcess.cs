namespace Coord.Testing;

/// <summary>A real etcd of one member, whose output is kept and which never outlives the test.</summary>
internal sealed class EtcdProcess : IDisposable
{
    private readonly PeerProcess _process;

    private EtcdProcess(PeerProcess process, string endpoint) => (_process, Endpoint) = (process, endpoint);

    public string Endpoint { get; }

    /// <summary>Starts it on a directory, empty or made by <see cref="RestoreAsync"/>, and waits for it.</summary>
    public static async Task<EtcdProcess> StartAsync(
        string directory, string? peerUrl = null, string name = "e", params string[] flags)
    {
        string endpoint = $"http://127.0.0.1:{FreePorts.Next()}";
        string peer = peerUrl ?? $"http://127.0.0.1:{FreePorts.Next()}";
        EtcdProcess etcd = new(
            PeerProcess.Start(
                "etcd",
                [
                    $"--name={name}", $"--data-dir={directory}", $"--listen-client-urls={endpoint}",
                    $"--advertise-client-urls={endpoint}", $"--listen-peer-urls={peer}",
                    $"--initial-advertise-peer-urls={peer}", $"--initial-cluster={name}={peer}", .. flags,
                ]),
            endpoint);
        await etcd._process.AnswersAsync($"{endpoint}/health");
        return etcd;
    }

    /// <summary>Makes a directory for it from a snapshot.</summary>
    public static Task RestoreAsync(string snapshot, string directory, string peerUrl) => EtcdTool.RunAsync(
        "snapshot", "restore", snapshot, "--name=e", $"--data-dir={directory}",
        $"--initial-advertise-peer-urls={peerUrl}", $"--initial-cluster=e={peerUrl}");

    public void Dispose() => _process.Dispose();
}
