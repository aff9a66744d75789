using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace Coord.Process.Tests.Harness;

/// <summary>A coord-host that serves discovery tokens, and nodes that find each other by them.</summary>
internal sealed partial class TokenCluster : IDisposable
{
    private readonly ITestOutputHelper _output;
    private readonly TestDirectory _directory = new();
    private readonly List<ClusterMember> _nodes = [];
    private readonly ClusterMember _service;
    private readonly HttpClient _http = new();

    public TokenCluster(ITestOutputHelper output)
    {
        _output = output;
        _service = Create("service");
    }

    public string Directory => _directory.Path;

    public string ServiceUrl => $"{_service.ClientUrl}/discovery";

    public ClusterMember Create(string name) => new(name, _directory.File(name), "http", "http", () => null);

    public async Task StartServiceAsync()
    {
        _service.Run(HostProcess.Start(
            [
                "--name", "service", "--data-dir", _service.DataDirectory, "--heartbeat-interval", "20",
                "--election-timeout", "100", "--listen-peer-urls", _service.PeerUrl,
                "--listen-client-urls", _service.ClientUrl,
            ],
            _directory.Path));
        await Eventually.GetAsync("the service has a leader.", async () =>
            (await _service.Client.TryGetStatusAsync())?.Leader);
    }

    public void StopService() => _service.Process!.Kill();

    public async Task<string> NewTokenAsync(int size)
    {
        string url = (await CoordTool.RunAsync(
            "--endpoints", _service.ClientUrl, "discovery", "new", "--size", $"{size}")).Trim();
        Assert.Matches($"^{Regex.Escape(ServiceUrl)}/[0-9a-f]{{32}}$", url);
        return url;
    }

    /// <summary>How many nodes have registered.</summary>
    public async Task<int> RegisteredAsync(string url) =>
        CreatedIndex().Count(await _http.GetStringAsync(new Uri(url))) - 1;

    public ClusterMember StartNode(string name, string url, params string[] flags)
    {
        ClusterMember node = Create(name);
        _nodes.Add(node);
        Start(node, url, flags);
        return node;
    }

    public void Start(ClusterMember node, string url, params string[] flags) => node.Run(HostProcess.Start(
        [
            "--name", node.Name, "--data-dir", node.DataDirectory, "--heartbeat-interval", "50",
            "--election-timeout", "500", "--listen-peer-urls", node.PeerUrl,
            "--initial-advertise-peer-urls", node.PeerUrl, "--listen-client-urls", node.ClientUrl,
            "--discovery", url, .. flags,
        ],
        _directory.Path));

    /// <summary>Waits until all of them know the same leader and have one revision more.</summary>
    public static async Task TakesWritesAsync(params ClusterMember[] nodes)
    {
        foreach (ClusterMember node in nodes)
        {
            await Eventually.IsTrueAsync($"{node.Name} takes a write.", async () =>
            {
                Assert.True(node.IsRunning, node.Transcript());
                return (await node.Client.PutAsync(node.Name, "here")).Outcome is WriteOutcome.Acknowledged;
            });
        }

        await Eventually.IsTrueAsync("all have all writes.", async () =>
        {
            foreach (ClusterMember reader in nodes)
            {
                foreach (ClusterMember writer in nodes)
                {
                    if ((await reader.Client.GetAsync(writer.Name))?.Value != "here")
                        return false;
                }
            }

            return true;
        });
    }

    public void KillNodes()
    {
        foreach (ClusterMember node in _nodes)
            node.Process?.Kill();
    }

    public void Dispose()
    {
        foreach (ClusterMember node in (ClusterMember[])[_service, .. _nodes])
        {
            _output.WriteLine(node.Transcript());
            node.Dispose();
        }

        _http.Dispose();
        _directory.Dispose();
    }

    [GeneratedRegex("createdIndex")]
    private static partial Regex CreatedIndex();
}
