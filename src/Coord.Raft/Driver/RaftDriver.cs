using System.Buffers;
using Coord.Raft.Core;
using Coord.Raft.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Coord.Raft.Driver;

/// <summary>
/// The owner of the core: takes inputs in, and does what each <see cref="Ready"/> says, in its order.
/// </summary>
/// <remarks>
/// One turn (<see cref="Pump"/>) drains every queue, ticks if it is time, and works until the core wants nothing more.
/// It never waits: the disk, the state machine and the snapshots have loops of their own. Always true:
/// 1. only this loop touches the core;
/// 2. the clock is read after the inputs were taken, so a lease is judged by a time after each read was asked;
/// 3. proposals are answered, or failed with an outcome that is true.
/// </remarks>
internal sealed partial class RaftDriver : ILoop
{
    // Beyond this what arrives is dropped, and sent again by its sender.
    private const long MaxInboxBytes = 128L << 20;

    // With more than these, turns for one caller each would cost more than they save.
    private const int FewCallers = 4;

    private readonly RaftOptions _options;
    private readonly RaftCore _core;
    private readonly KnownPeers _peers;
    private readonly StorageLoop _storage;
    private readonly ApplyLoop _apply;
    private readonly SnapshotSaveLoop _save;
    private readonly SnapshotTransferLoop _transfer;
    private readonly IRaftTransport _transport;
    private readonly ILogger _logger;
    private readonly Func<long> _clock;
    private readonly long _tickNanoseconds;
    private readonly SwapQueue<Inbound> _inbox;
    private readonly SwapQueue<PendingProposal> _proposals;
    private readonly SwapQueue<PendingRead> _readQueue;
    private readonly SwapQueue<SnapshotEvent> _snapshotEvents = new(int.MaxValue);
    private readonly Stack<StorageBatch> _idleBatches = new();
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly ReadRounds _reads;
    private long _nextTick;
    private int _batchesInFlight;
    private long _oldestBatchSince;
    private readonly EntryBlockPool _blocks;
    private RaftStatus _status;
    private long _inboxBytes;
    private long _commit;
    private long _applied;
    private Exception? _stopReason;

    /// <summary>Creates the driver of a recovered core.</summary>
    /// <remarks>
    /// The first context is drawn at random: an answer to an earlier run of this member must confirm nothing in this.
    /// </remarks>
    public RaftDriver(NodeContext context, DriverParts parts, ulong firstContext)
    {
        (_options, _transport, _clock, _logger) = (context.Options, context.Transport, context.Clock, context.Logger);
        (_proposalPool, _budget, _arena) = (context.Proposals, context.Budget, new EntryArena(context.Blocks));
        _blocks = context.Blocks;
        (_core, _peers, _storage) = (parts.Core, parts.Peers, parts.Storage);
        (_apply, _save, _transfer) = (parts.Apply, parts.Save, parts.Transfer);
        _tickNanoseconds = (long)_options.HeartbeatInterval.TotalNanoseconds;
        _inbox = new(_options.MaxQueuedMessages);
        _proposals = new(_options.MaxPendingProposals);
        _readQueue = new(_options.MaxPendingProposals);
        _reads = new ReadRounds(_core.ReadIndex, firstContext, (long)_options.ElectionTimeout.TotalNanoseconds);
        _lastContext = firstContext;
        // Who decides alone waits for nobody: the first tick lets it lead.
        _nextTick = _clock() + (_core.IsAlone() ? 0 : _tickNanoseconds);
        _snapshotIndex = _core.AppliedIndex; // A node starts from a snapshot, and has applied nothing else.
        _status = CreateStatus();
        CheckPart(_status.Membership);
        // Who is a member from the beginning is one that can be removed.
        _peers.Retain(_status.Membership);
    }

    /// <summary>Gets the core; to be looked at between two turns, by whoever pumps the loop.</summary>
    public RaftCore Core => _core;

    /// <summary>Gets what wakes the loop.</summary>
    public LoopSignal Signal { get; } = new();

    /// <summary>
    /// Gets the status: commit and applied as of the last turn, the rest of the last tick. Thread-safe.
    /// </summary>
    public RaftStatus Status => Volatile.Read(ref _status) with
    {
        Commit = new LogIndex(Volatile.Read(ref _commit)),
        Applied = new LogIndex(Volatile.Read(ref _applied)),
    };

    /// <summary>Gets or sets what is told a status that differs in more than indexes.</summary>
    public Action<RaftStatus> OnStatusChanged { get; set; } = static _ => { };

    /// <summary>Gets how long the loop may sleep.</summary>
    public TimeSpan NextWake =>
        TimeSpan.FromTicks(Math.Max(0, Volatile.Read(ref _nextTick) - _clock()) / TimeSpan.NanosecondsPerTick);

    /// <inheritdoc/>
    public bool Pump()
    {
        if (Volatile.Read(ref _stopReason) is { } reason)
            throw reason;

        bool worked = TakeDurable();
        worked |= TakeApplied();
        worked |= TakeInbox();
        worked |= TakeSnapshotEvents();
        worked |= TakeProposals();
        worked |= TakeReads();

        long now = _clock();
        _core.Now = now;
        bool ticked = TickIfDue(now);
        if (ticked && _core.WantsSnapshot)
            SnapshotIfDue();
        SubmitProposals(now);
        if (!IsDiskStalled(now))
            _reads.Ask(now);
        worked |= ticked | HandleReadies(now);
        if (worked)
        {
            _transport.Flush();
            PublishStatus(ticked);
        }

        return worked;
    }

    /// <summary>Ends the node in the loop's next turn, for a reason from outside. Thread-safe.</summary>
    public void StopBecause(Exception reason)
    {
        Volatile.Write(ref _stopReason, reason);
        Signal.Set();
    }

    /// <summary>Queues a message, a broken connection or a command. Thread-safe.</summary>
    /// <returns>False if the queue is full.</returns>
    public bool TryEnqueue(in Inbound input)
    {
        if (!TryEnqueueSilently(input))
            return false;

        Signal.Set();
        return true;
    }

    /// <summary>Queues a message; whoever queues it sets the signal after the last of several. Thread-safe.</summary>
    /// <returns>False if the queue is full.</returns>
    public bool TryEnqueueSilently(in Inbound input)
    {
        if (Interlocked.Add(ref _inboxBytes, input.Bytes) <= MaxInboxBytes && _inbox.TryEnqueue(input))
            return true;

        Interlocked.Add(ref _inboxBytes, -input.Bytes);
        return false;
    }

    /// <summary>Queues a proposal. Thread-safe.</summary>
    public bool TryEnqueue(PendingProposal proposal)
    {
        if (!_proposals.TryEnqueue(proposal))
            return false;

        Knock(_budget.Count);
        return true;
    }

    /// <summary>Queues a read, one of so many that wait. Thread-safe.</summary>
    public bool TryEnqueue(PendingRead read, long waiting)
    {
        if (!_readQueue.TryEnqueue(read))
            return false;

        Knock(waiting);
        return true;
    }

    /// <summary>Takes what the snapshot loops report. Thread-safe.</summary>
    public void Report(SnapshotEvent snapshotEvent)
    {
        if (_snapshotEvents.TryEnqueue(snapshotEvent))
            Signal.Set();
    }

    /// <summary>
    /// Runs the loop for one of few callers on its own thread. Many are better served together, once a thread wakes.
    /// </summary>
    private void Knock(long waiting)
    {
        if (waiting <= FewCallers)
            Signal.Run();
        else
            Signal.Set();
    }

    private bool TakeReads()
    {
        ReadOnlySpan<PendingRead> reads = _readQueue.Drain();
        foreach (PendingRead read in reads)
            _reads.Add(read);

        return !reads.IsEmpty;
    }

    private bool TickIfDue(long now)
    {
        if (now < _nextTick)
            return false;

        // After a pause of the process the missed ticks are not made up for: what arrived meanwhile is read first, and
        // a leader whose time ran out is found out by its followers' terms, not by its own clock.
        Volatile.Write(ref _nextTick, Math.Max(_nextTick + _tickNanoseconds, now + (_tickNanoseconds / 2)));
        Expire(now);
        WatchRequests(now);
        PersistCommit(now);

        // A leader that cannot write must not go on looking alive: without ticks its followers elect another.
        if (!IsDiskStalled(now))
            _core.Tick();

        return true;
    }

    private bool IsDiskStalled(long now) =>
        _batchesInFlight > 0 && now - _oldestBatchSince > (long)_options.ElectionTimeout.TotalNanoseconds;

    private void PublishStatus(bool ticked)
    {
        Volatile.Write(ref _commit, _core.CommitIndex.Value);
        Volatile.Write(ref _applied, _core.AppliedIndex.Value);
        RaftStatus previous = _status;
        bool changed = previous.Role != _core.Role || previous.Leader != _core.Leader
            || previous.Term != _core.Term || !ReferenceEquals(previous.Membership, _core.Membership);
        if (!changed && !ticked)
            return;

        RaftStatus status = CreateStatus();
        Volatile.Write(ref _status, status);
        if (!changed)
            return;

        // What is started now lives on; if a caller's thread runs the loop, what flows with its call must not.
        bool flows = !ExecutionContext.IsFlowSuppressed();
        AsyncFlowControl flow = flows ? ExecutionContext.SuppressFlow() : default;
        try
        {
            Announce(previous, status);
        }
        finally
        {
            if (flows)
                flow.Undo();
        }
    }

    private void Announce(RaftStatus previous, RaftStatus status)
    {
        if (previous.Role != status.Role || previous.Leader != status.Leader)
            Log.RoleChanged(_logger, status.Id, status.Role, status.Term, status.Leader);
        if (previous.Leader != status.Leader && !status.Leader.IsNone)
        {
            RaftMetrics.LeaderChanged();
            HurryForwarded(status.Leader);
        }

        if (!ReferenceEquals(previous.Membership, status.Membership))
        {
            CheckPart(status.Membership);
            Log.MembershipChanged(_logger, status.Membership);
            _peers.Retain(status.Membership);
            _transport.UpdateMembers(status.Membership.Members);
        }

        OnStatusChanged(status);
    }

    /// <summary>Stops a member that keeps no state before it can be elected to serve it.</summary>
    private void CheckPart(Membership membership)
    {
        bool isFull = membership.Members.Any(member => member.Id == _options.NodeId && !member.IsWitness);
        Invariant.Check(
            !_options.IsWitness || !isFull,
            "This node runs as a witness, and the cluster counts on its state. Start it without IsWitness.");
    }

    private RaftStatus CreateStatus()
    {
        RaftCoreStatus core = _core.Status;
        return new RaftStatus
        {
            Id = core.Id,
            Role = core.Role,
            Leader = core.Leader,
            Term = core.HardState.Term,
            Commit = core.HardState.Commit,
            Applied = core.AppliedIndex,
            LastEntry = core.LastEntry,
            FirstIndex = core.FirstIndex,
            SnapshotIndex = _snapshotIndex,
            IsRepairing = _core.Doubt is not null,
            Membership = core.Membership,
            Match = core.Progress.ToDictionary(member => member.Id, member => member.Match),
        };
    }
}
