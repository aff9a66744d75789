using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Coord.Raft;

namespace Coord.Benchmarks;

/// <summary>One node: from a proposal to its applied result, with a real sync on the disk for each batch.</summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, warmupCount: 3, iterationCount: 10)]
public class AppendCommitBenchmarks
{
    private const int Proposals = 8192;

    private readonly byte[] _command = new byte[256];
    private string _directory = "";
    private RaftNode _node = null!;

    /// <summary>Gets or sets how many callers propose at once.</summary>
    [Params(1, 64, 1024)]
    public int Count { get; set; }

    /// <summary>Starts the node.</summary>
    [GlobalSetup]
    public async Task StartAsync()
    {
        _directory = Directory.CreateTempSubdirectory("coord-bench-").FullName;
        RaftOptions options = new()
        {
            NodeId = new NodeId(1), ClusterId = new ClusterId(1), DataDirectory = _directory,
        };
        options.InitialMembers.Add(new Member(new NodeId(1), default, "n1"));
        _node = new RaftNode(options, new CountingStateMachine(), new NoTransport());
        await _node.StartAsync().ConfigureAwait(false);
        await _node.WaitForLeaderAsync().ConfigureAwait(false);
    }

    /// <summary>Stops the node.</summary>
    [GlobalCleanup]
    public async Task StopAsync()
    {
        await _node.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Proposes 256 bytes.</summary>
    [Benchmark(OperationsPerInvoke = Proposals)]
    public Task Commit() => Callers.ProposeAsync(_node, _command, Count, Proposals);

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
