using System.Collections.Concurrent;
using Coord.Raft;

namespace Coord.Transport.Tests;

/// <summary>Fault P6: whatever occupies the thread pool, a cluster keeps its leader and commits.</summary>
[Collection("Alone")]
public sealed class StarvedPoolTests
{
    private const int Beats = 150;
    private const int Hogs = 5000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_starved_thread_pool_costs_no_leader_and_stops_no_commit()
    {
        string root = Directory.CreateTempSubdirectory("coord-starved-").FullName;
        Wires wires = new();
        RaftNode[] nodes = [.. Enumerable.Range(1, 3).Select(id => CreateNode(root, wires, (ulong)id))];
        try
        {
            foreach (RaftNode node in nodes)
                await node.StartAsync();
            wires.Introduce();
            await Eventually.IsTrueAsync(
                "everybody knows the leader", () => nodes.All(node => !node.Status.Leader.IsNone));
            RaftNode leader = nodes.Single(node => node.Status.Role is RaftRole.Leader);
            await leader.ProposeAsync(new byte[] { 1 });

            Task<ProposalResult>? proposal = null;
            Starve(() => proposal = Propose(nodes, leader, wires));
            await proposal!.WaitAsync(Patience);
        }
        finally
        {
            foreach (RaftNode node in nodes)
                await node.DisposeAsync();
            Directory.Delete(root, recursive: true);
        }
    }

    private static Task<ProposalResult> Propose(RaftNode[] nodes, RaftNode leader, Wires wires)
    {
        (Term term, LogIndex commit, int answered) = (leader.Status.Term, leader.Status.Commit, wires.Answered);
        Task<ProposalResult> proposal = leader.ProposeAsync(new byte[] { 2 }).AsTask();

        // Longer than anybody waits for a leader who is silent.
        Assert.True(SpinWait.SpinUntil(() => wires.Answered >= answered + Beats, Patience), "Heartbeats pass.");
        Assert.True(SpinWait.SpinUntil(() => nodes.All(node => node.Status.Commit > commit), Patience), "It commits.");
        Assert.All(nodes, node => Assert.Equal((term, leader.Id), (node.Status.Term, node.Status.Leader)));
        return proposal;
    }

    /// <summary>Runs something that awaits nothing, since there is no thread to go on with.</summary>
    private static void Starve(Action action)
    {
        using CountdownEvent left = new(Hogs);
        using ManualResetEventSlim end = new();
        bool hasPoolRun = false;
        try
        {
            for (int i = 0; i < Hogs; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(
                    _ =>
                    {
                        end.Wait();
                        left.Signal();
                    },
                    null);
            }

            ThreadPool.UnsafeQueueUserWorkItem(_ => Volatile.Write(ref hasPoolRun, true), null);
            action();
            Assert.False(Volatile.Read(ref hasPoolRun), "The pool was starved all the time.");
        }
        finally
        {
            end.Set();
            left.Wait(Patience);
        }
    }

    private static RaftNode CreateNode(string root, Wires wires, ulong id)
    {
        RaftOptions options = new()
        {
            NodeId = new NodeId(id),
            ClusterId = new ClusterId(7),
            DataDirectory = Path.Combine(root, $"{id}"),
            HeartbeatInterval = TimeSpan.FromMilliseconds(20),
            ElectionTimeout = TimeSpan.FromSeconds(1),
            SegmentBytes = 4 << 20,
        };
        for (ulong member = 1; member <= 3; member++)
            options.InitialMembers.Add(new Member(new NodeId(member), default, "unknown:1"));
        return new RaftNode(options, new NoState(), wires.Create(options.NodeId));
    }

    /// <summary>Transports whose members are where they listen; counts the answers to heartbeats.</summary>
    private sealed class Wires
    {
        private readonly ConcurrentDictionary<NodeId, TcpTransport> _transports = [];
        private int _answered;

        public int Answered => Volatile.Read(ref _answered);

        public IRaftTransport Create(NodeId id)
        {
            TcpTransport transport = new(TestCluster.PatientOptions());
            _transports[id] = transport;
            return new CountedTransport(this, transport);
        }

        public void Introduce()
        {
            Member[] members = [.. _transports.Select(pair =>
                new Member(pair.Key, LogIndex.Zero, $"{pair.Value.LocalEndPoint}"))];
            foreach (TcpTransport transport in _transports.Values)
                transport.UpdateMembers(members);
        }

        private sealed class CountedTransport(Wires wires, TcpTransport inner) : IRaftTransport
        {
            public ValueTask StartAsync(IRaftMessageReceiver receiver, CancellationToken cancellationToken) =>
                inner.StartAsync(receiver, cancellationToken);

            public bool TrySend(in Message message)
            {
                if (message.Kind is MessageKind.HeartbeatResponse)
                    Interlocked.Increment(ref wires._answered);
                return inner.TrySend(message);
            }

            public void Flush() => inner.Flush();

            public void UpdateMembers(IReadOnlyList<Member> members)
            {
            }

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }

    /// <summary>A state machine whose state nobody looks at.</summary>
    private sealed class NoState : IStateMachine, IStateCapture
    {
        public ApplyResult Apply(in AppliedCommand command) => default;

        public bool IsQuick(in AppliedCommand command) => true;

        public void OnBatchApplied(LogIndex applied)
        {
        }

        public IStateCapture Capture() => this;

        public void Restore(Stream snapshot, EntryId lastIncluded)
        {
        }

        public void WriteTo(Stream destination, CancellationToken cancellationToken)
        {
        }

        public void Dispose()
        {
        }
    }
}
