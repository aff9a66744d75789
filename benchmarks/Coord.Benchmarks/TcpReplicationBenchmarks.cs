using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Coord.Raft;
using Coord.Transport;

namespace Coord.Benchmarks;

/// <summary>Three nodes in one process over TCP on loopback, each with its own disk directory and real syncs.</summary>
/// <remarks>The memory column counts all three: the leader and both followers, for each proposal.</remarks>
[Config(typeof(NodeConfig))]
public class TcpReplicationBenchmarks
{
    private const int Few = 2048;
    private const int Some = 65_536;
    private const int Many = 524_288;

    private readonly byte[] _command = new byte[256];
    private readonly List<RaftNode> _nodes = [];
    private string _directory = "";
    private RaftNode _leader = null!;

    /// <summary>Starts the cluster.</summary>
    [GlobalSetup]
    public async Task StartAsync()
    {
        _directory = Directory.CreateTempSubdirectory("coord-bench-").FullName;
        int[] ports = FreePorts(3);
        Member[] members =
            [.. ports.Select((port, i) => new Member(new NodeId((ulong)i + 1), default, $"127.0.0.1:{port}"))];
        foreach (Member member in members)
        {
            RaftOptions options = new()
            {
                NodeId = member.Id,
                ClusterId = new ClusterId(1),
                DataDirectory = Path.Combine(_directory, $"{member.Id}"),
            };
            foreach (Member initial in members)
                options.InitialMembers.Add(initial);

            TcpTransport transport = new(new TcpTransportOptions { ListenAddress = member.Address });
            _nodes.Add(new RaftNode(options, new CountingStateMachine(), transport));
        }

        await Task.WhenAll(_nodes.Select(node => node.StartAsync()));
        await _nodes[0].WaitForLeaderAsync();
        NodeId leader = _nodes[0].Status.Leader;
        _leader = _nodes.Single(node => node.Id == leader);

        // Several snapshots' worth, so that what is measured is the steady state: the logs' memory goes round.
        await Callers.ProposeAsync(_leader, _command, 1024, Many);
    }

    /// <summary>Stops the cluster.</summary>
    [GlobalCleanup]
    public async Task StopAsync()
    {
        foreach (RaftNode node in _nodes)
            await node.DisposeAsync();

        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>One caller proposes 256 bytes at a time.</summary>
    [Benchmark(OperationsPerInvoke = Few)]
    public Task OneCaller() => Callers.ProposeAsync(_leader, _command, 1, Few);

    /// <summary>64 callers do.</summary>
    [Benchmark(OperationsPerInvoke = Some)]
    public Task Callers64() => Callers.ProposeAsync(_leader, _command, 64, Some);

    /// <summary>1,024 callers do.</summary>
    [Benchmark(OperationsPerInvoke = Many)]
    public Task Callers1024() => Callers.ProposeAsync(_leader, _command, 1024, Many);

    private static int[] FreePorts(int count)
    {
        Socket[] sockets = [.. Enumerable.Range(0, count).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp))];
        foreach (Socket socket in sockets)
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        int[] ports = [.. sockets.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        foreach (Socket socket in sockets)
            socket.Dispose();

        return ports;
    }
}
