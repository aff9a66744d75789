using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>The Raft algorithm, and nothing else: messages and ticks go in, a <see cref="Ready"/> comes out.</summary>
/// <remarks>
/// Deterministic and single-threaded. There is no clock, no I/O, no lock and no thread in this folder, so a seed
/// replays any run exactly. The driver owns the instance and is the only caller. Storage is always asynchronous: what
/// must be durable first waits in <see cref="Ready.MessagesAfterAppend"/>, and the leader counts its own copy by a
/// message to itself among them. Always true:
/// 1. term, vote within a term, commit and applied never go back;
/// 2. what depends on the disk is never sent before the disk has it;
/// 3. members are walked in ascending order of their ids.
/// </remarks>
internal sealed partial class RaftCore
{
    // Terms grow by elections. A larger step is an attack or damage, and would use up the terms that are left.
    private const long MaxTermStep = 1L << 32;
    private const int MaxEvents = 4096;

    private readonly RaftCoreOptions _options;
    private readonly NodeId _id;
    private readonly RaftLog _log;
    private readonly ProgressTracker _tracker;
    private readonly Ready _ready = new();
    private List<Message> _messages = new(64);
    private List<Message> _messagesAfterAppend = new(64);
    private List<ReadState> _readStates = new(64);
    private List<RaftEvent> _events = new(64);

    private Term _term;
    private NodeId _vote;
    private RaftRole _role;
    private NodeId _leader;

    // Who leads the present term, even if the host asked to forget it: two leaders in a term must be noticed.
    private NodeId _termLeader;
    private Membership _membership;
    private SnapshotMetadata _snapshot;
    private HardState _handedHardState;
    private (NodeId Leader, RaftRole Role) _handedSoftState;
    private long _tick;
    private int _selfAckAt = -1;

    /// <summary>Creates a core that goes on from what storage recovered.</summary>
    /// <param name="options">How it behaves.</param>
    /// <param name="state">What storage recovered.</param>
    public RaftCore(RaftCoreOptions options, in RaftCoreState state)
    {
        Validate(options);
        Invariant.Check(
            state.Applied >= state.Snapshot.LastIncluded.Index || state.Snapshot.LastIncluded.Index.IsZero,
            "The state machine lies behind the snapshot.");
        _options = options;
        _id = options.Id;
        _chance = new SplitMix(options.Seed ^ (_id.Value * 0x9E3779B97F4A7C15));
        _snapshot = state.Snapshot;
        _membership = state.Snapshot.Membership;
        _term = state.HardState.Term;
        _vote = Mutants.VoteForgottenOnRestart ? default : state.HardState.Vote;
        // What is applied was committed, whether or not the commit index was saved in time.
        LogIndex committed = LogIndex.Max(state.HardState.Commit, state.Applied);
        _log = new RaftLog(state.LogBase, state.Entries.Span, committed, state.Applied);
        Invariant.Check(_term >= _log.Last.Term || _term.IsZero, "The saved term lies behind the log.");
        _tracker = new ProgressTracker(options.MaxInflightAppends, options.MaxInflightBytes);
        _tracker.Apply(_membership, _log.Last.Index, _tick);
        _handedHardState = HardState;
        _doubt = state.Doubt is { } doubt && !doubt.IsResolvedBy(_log.Last) ? doubt : null;
        // A restarted member has forgotten when it last heard a leader, whose lease may still run. A new one has not.
        _voteHold = options.LeaseReads && !_term.IsZero ? options.ElectionTicks : 0;
        ResetElectionTimeout();
        AssertInvariants();
    }

    /// <summary>
    /// Gets or sets the monotonic time in nanoseconds, set by the driver before each batch of inputs.
    /// </summary>
    public long Now { get; set; }

    /// <summary>Gets the node's id.</summary>
    public NodeId Id => _id;

    /// <summary>Gets the role.</summary>
    public RaftRole Role => _role;

    /// <summary>Gets the leader, or none if not known.</summary>
    public NodeId Leader => _leader;

    /// <summary>Gets the term.</summary>
    public Term Term => _term;

    /// <summary>Gets the hard state, persisted or not.</summary>
    public HardState HardState => new(_term, _vote, _log.Committed);

    /// <summary>Gets the membership in effect: that of the last applied change.</summary>
    public Membership Membership => _membership;

    /// <summary>Gets the membership by whose majorities this node decides: the one before, while it returns.</summary>
    internal Membership DecidingMembership => _returned ?? _membership;

    /// <summary>Gets a value indicating whether it gives no vote, as a leader's lease needs; for tests.</summary>
    internal bool HoldsVoteBack => _voteHold > 0;

    /// <summary>Returns how much a leader counts as durable at a member; for tests.</summary>
    internal LogIndex MatchOf(NodeId member) => _tracker.Find(member)?.Match ?? default;

    /// <summary>Gets how many ticks have passed; for tests.</summary>
    internal long Ticks => _tick;

    /// <summary>Gets the newest snapshot that can be sent.</summary>
    public SnapshotMetadata Snapshot => _snapshot;

    /// <summary>Gets the entry before the first in the log.</summary>
    public EntryId LogBase => _log.Base;

    /// <summary>Gets the first index in the log.</summary>
    public LogIndex FirstIndex => _log.Base.Index.Next;

    /// <summary>Gets the last entry's id.</summary>
    public EntryId LastEntry => _log.Last;

    /// <summary>Gets the commit index.</summary>
    public LogIndex CommitIndex => _log.Committed;

    /// <summary>Gets the applied index.</summary>
    public LogIndex AppliedIndex => _log.Applied;

    /// <summary>Gets the highest index durable on this member.</summary>
    public LogIndex DurableIndex => _log.Durable;

    /// <summary>Gets the member that leadership is being handed to, or none.</summary>
    public NodeId TransferTarget => _transferTarget;

    /// <summary>Gets a picture of everything. Allocates.</summary>
    public RaftCoreStatus Status => new()
    {
        Id = _id,
        HardState = HardState,
        Role = _role,
        Leader = _leader,
        TransferTarget = _transferTarget,
        FirstIndex = FirstIndex,
        LastEntry = _log.Last,
        DurableIndex = _log.Durable,
        AppliedIndex = _log.Applied,
        Membership = _membership,
        Progress = [.. _tracker.Members.ToArray().Select(Describe)],
    };

    /// <summary>Shows all entries in memory, borrowed; for tests.</summary>
    internal ReadOnlyMemory<Entry> EntriesForTests() => _log.Slice(FirstIndex, _log.Last.Index);

    /// <summary>Lets one tick pass.</summary>
    public void Tick()
    {
        AssertInvariants();
        _tick++;
        if (_voteHold > 0)
            _voteHold--;
        if (_role is RaftRole.Leader)
            TickLeader();
        else
            TickElection();
        AssertInvariants();
    }

    /// <summary>Takes one message, from another member or from this one.</summary>
    /// <param name="message">The message; ownership of the block references of its entries passes to the core.</param>
    public void Step(in Message message)
    {
        AssertInvariants();
        if (!IsAcceptable(message))
        {
            RaftLog.Release(message.Entries.Span);
            Report(RaftEventKind.MessageRefused, message.From, value: (long)message.Kind);
        }
        else if (message.Term < _term)
        {
            RaftLog.Release(message.Entries.Span);
            StepPastTerm(message);
        }
        else if (message.Term == _term || EnterTerm(message))
        {
            StepPresentTerm(message);
        }

        AssertInvariants();
    }

    private static void Validate(RaftCoreOptions options)
    {
        Require(!options.Id.IsNone, "The node needs an id.");
        Require(options.HeartbeatTicks > 0, "Heartbeats need a distance.");
        Require(options.ElectionTicks > options.HeartbeatTicks, "Elections must be rarer than heartbeats.");
        Require(options.MaxInflightAppends > 0, "At least one append is in flight.");
        Require(options.MaxAppendEntries > 0, "An append has room for an entry.");
        Require(options.Priority is >= -8 and <= 8, "Priorities go from -8 to 8.");
        Require(options.LeaseDriftPercent is >= 0 and < 100, "The drift is a part of the time.");
        Require(!options.LeaseReads || options.CheckQuorum, "A lease rests on refused votes: it needs CheckQuorum.");

        static void Require(bool condition, string message)
        {
            if (!condition)
                throw new ArgumentException(message, nameof(condition));
        }
    }

    private static ProgressStatus Describe(Progress progress) => new()
    {
        Id = progress.Id,
        State = progress.State,
        Match = progress.Match,
        Next = progress.Next,
        IsLearner = progress.IsLearner,
        IsPaused = progress.IsPaused,
        RecentActive = progress.RecentActive,
        PendingSnapshot = progress.PendingSnapshot,
        InflightCount = progress.Inflights.Count,
        InflightFull = progress.Inflights.IsFull,
    };

    /// <summary>Tells whether a message can come from an honest member at all.</summary>
    private bool IsAcceptable(in Message message)
    {
        if (message.From.IsNone || message.To != _id || message.Term.Value <= 0)
            return false;
        if (message.Term - _term > MaxTermStep)
            return false;
        // Only the answers to what the node asked of itself come from itself.
        if (message.From == _id)
        {
            return message.Kind is MessageKind.VoteResponse or MessageKind.PreVoteResponse
                or MessageKind.AppendResponse;
        }

        return message.Kind switch
        {
            MessageKind.Append => AreInOrder(message),
            MessageKind.Snapshot => message.Snapshot is { } snapshot && snapshot.LastIncluded.Term <= message.Term,
            _ => message.Entries.IsEmpty,
        };

        static bool AreInOrder(in Message message)
        {
            EntryId previous = message.Log;
            foreach (ref readonly Entry entry in message.Entries.Span)
            {
                if (entry.Index != previous.Index.Next || entry.Term < previous.Term)
                    return false;
                previous = entry.Id;
            }

            return previous.Term <= message.Term && message.Log.Index >= default(LogIndex);
        }
    }

    private void StepPastTerm(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.AppendResponse when Mutants.AckOfPastTermCounts && _role is RaftRole.Leader:
                StepAppendResponse(message);
                break;
            case MessageKind.Append or MessageKind.Heartbeat or MessageKind.Snapshot
                when _options.CheckQuorum || _options.PreVote || !IsPromotable():
                // A member at a higher term that may not disturb the leader by a vote, or never campaigns, would stay
                // out for ever: its answer makes the leader step down, and the next election goes above both terms.
                _messagesAfterAppend.Add(Reply(message, MessageKind.AppendResponse));
                break;
            case MessageKind.PreVote:
                // The pre-candidate learns of the term; otherwise it would ask in the past for ever.
                _messagesAfterAppend.Add(Reply(message, MessageKind.PreVoteResponse) with { Reject = true });
                break;
            default:
                Report(RaftEventKind.MessageIgnored, message.From, value: (long)message.Kind);
                break;
        }
    }

    /// <summary>Moves to a later term (Raft §5.1), unless the message must not cause that.</summary>
    /// <returns>False if the message is to be ignored.</returns>
    private bool EnterTerm(in Message message)
    {
        Debug.Assert(message.Term > _term, "A term never goes back.");
        switch (message.Kind)
        {
            case MessageKind.Vote or MessageKind.PreVote when !IsForced(message) && HearsLeader():
                // Thesis §4.2.3: a removed or separated member must not depose a leader that works.
                Report(RaftEventKind.VoteIgnored, message.From);
                return false;
            case MessageKind.PreVote:
                return true; // A question only.
            case MessageKind.PreVoteResponse when !message.Reject:
                return true; // The term of the campaign to come.
            case var _ when Mutants.LeaderIgnoresHigherTerm && _role is RaftRole.Leader:
                return false;
            case MessageKind.Append or MessageKind.Heartbeat or MessageKind.Snapshot:
                BecomeFollower(message.Term, message.From);
                return true;
            default:
                BecomeFollower(message.Term, default);
                return true;
        }
    }

    private void StepPresentTerm(in Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.Vote or MessageKind.PreVote:
                StepVote(message);
                break;
            case MessageKind.VoteResponse or MessageKind.PreVoteResponse:
                StepVoteResponse(message);
                break;
            case MessageKind.Append:
                FollowLeader(message.From);
                StepAppend(message);
                break;
            case MessageKind.Heartbeat:
                FollowLeader(message.From);
                StepHeartbeat(message);
                break;
            case MessageKind.Snapshot:
                FollowLeader(message.From);
                StepSnapshot(message);
                break;
            case MessageKind.AppendResponse when _role is RaftRole.Leader:
                StepAppendResponse(message);
                break;
            case MessageKind.HeartbeatResponse when _role is RaftRole.Leader:
                StepHeartbeatResponse(message);
                break;
            case MessageKind.TimeoutNow when _role is RaftRole.Follower:
                StepTimeoutNow(message);
                break;
            case MessageKind.TransferLeader when _role is RaftRole.Leader:
                TransferLeadership(new NodeId(message.Context));
                break;
            case MessageKind.ReadIndex when _role is RaftRole.Leader:
                LeaderRead(message.From, message.Context);
                break;
            case MessageKind.ReadIndexResponse when message.From == _termLeader:
                _readStates.Add(new ReadState(message.Context, message.Log.Index));
                break;
            default:
                Report(RaftEventKind.MessageIgnored, message.From, value: (long)message.Kind);
                break;
        }
    }

    private Message NewMessage(NodeId to, MessageKind kind) =>
        new() { Kind = kind, From = _id, To = to, Term = _term };

    private Message Reply(in Message request, MessageKind kind) =>
        new() { Kind = kind, From = _id, To = request.From, Term = _term, Session = request.Session };

    private void Report(RaftEventKind kind, NodeId peer = default, LogIndex index = default, long value = 0)
    {
        // A flood of refused messages must not grow without bound while nobody takes a Ready.
        if (_events.Count < MaxEvents)
            _events.Add(new RaftEvent(kind, _term, peer, index, value));
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_term >= _handedHardState.Term, "A term never goes back.");
        Debug.Assert(_term > _handedHardState.Term || _handedHardState.Vote.IsNone || _vote == _handedHardState.Vote,
            "A vote is never taken back within its term.");
        Debug.Assert(_log.Committed >= _handedHardState.Commit, "The commit index never goes back.");
        Debug.Assert(_log.Base.Index <= _log.Committed, "Only committed entries are compacted.");
        Debug.Assert(_log.Committed <= _log.Last.Index, "What is committed is in the log.");
        Debug.Assert(_log.Durable <= _log.Handed, "Only what was handed to storage is durable.");
        Debug.Assert(_log.Handed <= _log.Last.Index, "What was handed to storage is in the log.");
        Debug.Assert(_log.Applied <= _log.Applying, "What is applied was handed out.");
        Debug.Assert(_log.Applying <= _log.Committed, "Only committed entries are handed out.");
        Debug.Assert(_log.PendingSnapshot is not null || _log.Base.Index <= _log.Applied,
            "What is to be applied is in the log.");
        Debug.Assert(_log.Last.Term <= _term || _term.IsZero, "No entry is of a later term.");
        Debug.Assert(_role is not RaftRole.Leader || _leader == _id, "A leader follows itself.");
        Debug.Assert(_role is RaftRole.Leader || _leader != _id, "Who does not lead follows another.");
        Debug.Assert(_role is not (RaftRole.Leader or RaftRole.Candidate) || _vote == _id,
            "Who runs has voted for itself.");
        Debug.Assert(_role is RaftRole.Follower || _log.PendingSnapshot is null,
            "Who installs a snapshot only follows.");
        Debug.Assert(_role is RaftRole.Leader || _transferTarget.IsNone, "Only a leader hands over.");
        Debug.Assert(_role is RaftRole.Leader || _reads.Count == 0, "Only a leader confirms reads.");
        AssertProgress();
    }

    [Conditional("DEBUG")]
    private void AssertProgress()
    {
        if (_role is not RaftRole.Leader)
            return;
        NodeId previous = default;
        foreach (Progress progress in _tracker.Members)
        {
            Debug.Assert(progress.Id > previous, "Members are in ascending order.");
            Debug.Assert(progress.Match < progress.Next, "What is known to be there is not sent again.");
            Debug.Assert(progress.Match <= _log.Last.Index, "Nobody holds more than the leader.");
            Debug.Assert(progress.Next <= _log.Last.Index.Next || progress.State is ProgressState.Snapshot,
                "Nothing beyond the log is sent.");
            Debug.Assert(progress.Id != _id || progress.Match <= _log.Handed,
                "The leader counts its own copy only when storage has had it.");
            previous = progress.Id;
        }
    }
}
