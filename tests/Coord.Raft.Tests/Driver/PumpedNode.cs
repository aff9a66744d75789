using Coord.Raft.Core;
using Coord.Raft.Driver;
using Coord.Raft.Storage;
using Coord.Raft.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.Raft.Tests.Driver;

/// <summary>Member 1 of three, pumped by hand, on a disk in memory; the test plays clock and other members.</summary>
internal sealed class PumpedNode : IRaftTransport
{
    public static readonly NodeId Self = new(1);
    public static readonly NodeId Other = new(2);

    private readonly CompletionPool<PendingProposal> _proposals = new(pool => new PendingProposal(pool));
    private readonly RaftOptions _options;
    private readonly ILoop[] _loops;

    public PumpedNode(Action<RaftOptions>? configure = null, IStateMachine? stateMachine = null)
    {
        _options = new RaftOptions
        {
            NodeId = Self,
            ClusterId = new ClusterId(7),
            DataDirectory = "/node",
            SegmentBytes = 4 << 20,
        };
        for (ulong id = 1; id <= 3; id++)
            _options.InitialMembers.Add(new Member(new NodeId(id), default, $"node{id}"));
        configure?.Invoke(_options);

        MemoryFileSystem files = new();
        files.CreateDirectory("/node");
        files.CreateDirectory("/node/log");
        Snapshots = SnapshotStore.Open(files, "/node/snapshots");
        EntryBlockPool blocks = new();
        WalOptions walOptions = new() { DirectoryId = Guid.Empty, CreateNew = true, SegmentBytes = 4 << 20 };
        Log = Wal.Open(files, "/node/log", walOptions, new EntryArena(blocks), out WalRecovery recovered);
        Apply = new ApplyLoop(Self, stateMachine ?? new ListStateMachine(), Snapshots, 100, this, () => Clock);
        SnapshotMetadata first = Bootstrap.CreateSnapshot(_options);
        using (SnapshotWriter writer = Snapshots.Create(first))
        {
            Apply.Capture().WriteTo(writer, CancellationToken.None);
            writer.Commit();
        }

        Apply.Restore(first);
        RaftCoreState state = Recovery.Combine(first, recovered, "/node/log", out _);
        Log.Append(state.HardState, [], first.LastIncluded);
        Log.Sync();
        Core = new RaftCore(
            new RaftCoreOptions
            {
                Id = Self,
                LeaseReads = _options.LeaseReads,
                TickNanoseconds = (long)_options.HeartbeatInterval.TotalNanoseconds,
            },
            state);
        StorageLoop storage = new(Log, Self, this, () => Clock, Core.HardState.Term, Core.LastEntry);
        SnapshotSaveLoop save = new(Snapshots, happened => Driver!.Report(happened));
        SnapshotTransferLoop transfer = new(
            Snapshots, Self, this, 1 << 30, () => Clock, happened => Driver!.Report(happened));
        NodeContext context = new()
        {
            Options = _options,
            Transport = this,
            Blocks = blocks,
            Proposals = _proposals,
            Budget = new ProposalBudget(1000, 1 << 30),
            Clock = () => Clock,
            Logger = NullLogger.Instance,
        };
        DriverParts parts = new(Core, new KnownPeers(files, "/node"), storage, Apply, save, transfer);
        Driver = new RaftDriver(context, parts, 0);
        _loops = [Driver, storage, Apply, save, transfer];
    }

    public long Clock { get; set; }

    public SnapshotStore Snapshots { get; }

    public RaftCore Core { get; }

    public Wal Log { get; }

    public ApplyLoop Apply { get; }

    public RaftDriver Driver { get; }

    public List<Message> Sent { get; } = [];

    public void Pump()
    {
        while (_loops.Aggregate(false, (worked, loop) => loop.Pump() | worked))
        {
        }
    }

    public void Deliver(in Message message)
    {
        Assert.True(Driver.TryEnqueue(new Inbound(message with { To = Self })));
        Pump();
    }

    /// <summary>Lets time pass until the member asks for votes, and gives it one.</summary>
    public void BecomeLeader()
    {
        while (Core.Role is not RaftRole.Leader)
        {
            Clock += (long)_options.HeartbeatInterval.TotalNanoseconds;
            Pump();
            if (Core.Role is RaftRole.PreCandidate)
                Deliver(new Message { Kind = MessageKind.PreVoteResponse, From = Other, Term = Core.Term.Next });
            if (Core.Role is RaftRole.Candidate)
                Deliver(new Message { Kind = MessageKind.VoteResponse, From = Other, Term = Core.Term });
        }
    }

    public void Acknowledge(LogIndex index) => Deliver(new Message
    {
        Kind = MessageKind.AppendResponse,
        From = Other,
        Term = Core.Term,
        Log = new EntryId(default, index),
        Session = Bootstrap.FirstEntry.Index,
    });

    public Task<ProposalResult> ProposeAsync(string command)
    {
        PendingProposal proposal = _proposals.Rent();
        proposal.Kind = EntryKind.Command;
        proposal.Payload = System.Text.Encoding.UTF8.GetBytes(command);
        proposal.Deadline = long.MaxValue;
        Task<ProposalResult> result = proposal.BeginAsync(CancellationToken.None).AsTask();
        Assert.True(Driver.TryEnqueue(proposal));
        Pump();
        return result;
    }

    public bool TrySend(in Message message)
    {
        Sent.Add(message with { Entries = message.Entries.ToArray(), Payload = message.Payload.ToArray() });
        return true;
    }

    public void Flush()
    {
    }

    public void UpdateMembers(IReadOnlyList<Member> members)
    {
    }

    public ValueTask StartAsync(IRaftMessageReceiver receiver, CancellationToken cancellationToken) => default;

    public ValueTask DisposeAsync() => default;
}
