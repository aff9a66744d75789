using BenchmarkDotNet.Attributes;
using Coord.Raft;

namespace Coord.Benchmarks;

/// <summary>One node: from a proposal to its applied result, with a real sync on the disk for each batch.</summary>
[Config(typeof(NodeConfig))]
public class AppendCommitBenchmarks
{
    // Enough that what the callers themselves allocate, a few hundred bytes each, disappears.
    private const int Few = 4096;
    private const int Some = 131_072;
    private const int Many = 1_048_576;

    private readonly byte[] _command = new byte[256];
    private string _directory = "";
    private RaftNode _node = null!;

    /// <summary>Starts the node.</summary>
    [GlobalSetup]
    public async Task StartAsync()
    {
        _directory = Directory.CreateTempSubdirectory("coord-bench-").FullName;
        RaftOptions options = new()
        {
            NodeId = new NodeId(1),
            ClusterId = new ClusterId(1),
            DataDirectory = _directory,
        };
        options.InitialMembers.Add(new Member(new NodeId(1), default, "n1"));
        _node = new RaftNode(options, new CountingStateMachine(), new NoTransport());
        await _node.StartAsync().ConfigureAwait(false);
        await _node.WaitForLeaderAsync().ConfigureAwait(false);

        // Several snapshots' worth, so that what is measured is the steady state: the log's memory goes round.
        await Callers.ProposeAsync(_node, _command, 1024, Many).ConfigureAwait(false);
    }

    /// <summary>Stops the node.</summary>
    [GlobalCleanup]
    public async Task StopAsync()
    {
        await _node.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>One caller proposes 256 bytes at a time.</summary>
    [Benchmark(OperationsPerInvoke = Few)]
    public Task OneCaller() => Callers.ProposeAsync(_node, _command, 1, Few);

    /// <summary>64 callers do.</summary>
    [Benchmark(OperationsPerInvoke = Some)]
    public Task Callers64() => Callers.ProposeAsync(_node, _command, 64, Some);

    /// <summary>1,024 callers do.</summary>
    [Benchmark(OperationsPerInvoke = Many)]
    public Task Callers1024() => Callers.ProposeAsync(_node, _command, 1024, Many);

    private sealed class NoTransport : IRaftTransport
    {
        public ValueTask StartAsync(IRaftMessageReceiver receiver, CancellationToken cancellationToken) => default;

        public bool TrySend(in Message message) => false;

        public void Flush()
        {
        }

        public void UpdateMembers(IReadOnlyList<Member> members)
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
