using System.Net;
using System.Net.Sockets;
using Coord.Raft;
using Coord.SampleHost.Configuration;
using Coord.SampleHost.Node;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.SampleHost.Demo;

/// <summary>Three members in this process, on loopback and in a temporary directory that goes away with them.</summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("coord-demo-");
    private readonly List<DemoMember> _members = [];

    public DemoCluster()
    {
        int[] ports = FreePorts(3);
        string list = string.Join(',', ports.Select((port, i) => $"n{i + 1}=http://127.0.0.1:{port}"));
        for (int i = 0; i < ports.Length; i++)
        {
            GivenValues values = new();
            values.Set("name", $"n{i + 1}", "demo");
            values.Set("data-dir", Path.Combine(_directory.FullName, $"n{i + 1}"), "demo");
            values.Set("initial-cluster", list, "demo");
            values.Set("listen-peer-urls", $"http://127.0.0.1:{ports[i]}", "demo");
            _members.Add(new DemoMember(HostSettings.From(values)));
        }
    }

    public IReadOnlyList<DemoMember> Members => _members;

    public Task StartAsync() => Task.WhenAll(_members.Select(member => member.Node.StartAsync(default)));

    /// <summary>Waits until a member that is not cut off leads, and all others who are not follow it.</summary>
    public async Task<DemoMember> LeaderAsync(CancellationToken cancellationToken)
    {
        DemoMember? leader = null;
        await UntilAsync(
            () =>
            {
                DemoMember[] connected = [.. _members.Where(member => !member.Cable.IsCut)];
                leader = connected.FirstOrDefault(member => member.Node.Status.Role is RaftRole.Leader);
                return leader is not null
                    && connected.All(member => member.Node.Status.Leader == leader.Node.Raft.Id
                        && member.Node.Status.Term == leader.Node.Status.Term);
            },
            cancellationToken);
        return leader!;
    }

    /// <summary>Looks at a condition every few milliseconds until it holds.</summary>
    public static async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(2));
        while (!condition())
            await timer.WaitForNextTickAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (DemoMember member in _members)
            member.Cable.IsCut = false;

        await Task.WhenAll(_members.Select(member => member.Node.DisposeAsync().AsTask()));
        _directory.Delete(recursive: true);
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners)
            listener.Start();

        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners)
            listener.Dispose();

        return ports;
    }

    /// <summary>One member and its cable.</summary>
    internal sealed class DemoMember
    {
        public DemoMember(HostSettings settings) => Node = new CoordNode(
            settings, NullLoggerFactory.Instance, transport => Cable = new CuttableTransport(transport));

        public CoordNode Node { get; }

        public CuttableTransport Cable { get; private set; } = null!;

        public string Name => Node.Name;
    }
}
