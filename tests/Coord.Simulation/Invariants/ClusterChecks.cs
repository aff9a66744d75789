using Coord.Kv;
using Coord.Raft;
using Coord.Raft.Core;
using Coord.Raft.Driver;
using Coord.Raft.Tests.Storage;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Invariants;

/// <summary>Raft, figure 3, and what members promise each other: checked after each turn.</summary>
internal sealed class ClusterChecks
{
    private readonly Cluster _cluster;
    private readonly EntryRegistry _registry = new();
    private readonly LeaderChecks _steps;
    private readonly LeaseChecks _leases;
    private readonly CampaignChecks _campaigns;
    private readonly Dictionary<Term, NodeId> _leaders = [];
    private readonly List<(Term Term, ulong Command, ulong Result)> _applied = [];
    private readonly Dictionary<long, (ulong Digest, NodeId By)> _digests = [];

    // Per member: what it promised, and what was durable when its last process ended.
    private readonly Dictionary<NodeId, Promises> _promises = [];
    private readonly Dictionary<NodeId, EntryId> _durableAtEnd = [];

    // What processes had on a disk that has lost a part of it since: it counted when it was acknowledged.
    private readonly Dictionary<NodeId, List<EntryId>> _durableBeforeDamage = [];
    private readonly Dictionary<SimulatedProcess, NodeView> _views = [];
    private LogIndex _lastChange;

    public ClusterChecks(Cluster cluster)
    {
        (_cluster, _leases, _campaigns) = (cluster, new LeaseChecks(cluster), new CampaignChecks(cluster));
        Said = new Conversation(cluster.World);
        _steps = new LeaderChecks(cluster, _registry, Said, DurableOf);
    }

    /// <summary>Gets what members have said to each other.</summary>
    public Conversation Said { get; }

    /// <summary>Gets the highest index that any member knows to be committed.</summary>
    public LogIndex Committed => _registry.Committed;

    /// <summary>Gets the newest membership that is in effect anywhere.</summary>
    public Membership Newest { get; private set; } = Membership.Empty;

    /// <summary>Gets a value indicating whether somebody has a change in his log that is not in effect.</summary>
    public bool HasPendingMembership => _lastChange > Newest.Version;

    public int Elections => _leaders.Count;

    /// <summary>Gets how many commands the state machines have applied, each counted once.</summary>
    public int Commands { get; private set; }

    public int Snapshots { get; private set; }

    /// <summary>Gets or sets how many members have made a damaged log good.</summary>
    public int Repairs { get; set; }

    /// <summary>Gets or sets how many members had to be replaced because of a damaged log.</summary>
    public int Replacements { get; set; }

    /// <summary>Looks at a member that has just started, before it does anything.</summary>
    public void OnStarted(SimulatedProcess process)
    {
        if (process.IsGone || process.Raft.Runtime is not { } runtime)
            return;

        RaftCore core = runtime.Driver.Core;
        Promises promises = PromisesOf(process.Id);
        Require(core.Term >= promises.Term, "forgotten term",
            $"{process.Id} answered in {promises.Term} and returns in {core.Term}.");
        Require(
            core.Term > promises.Term || promises.Vote.IsNone || core.HardState.Vote == promises.Vote,
            "forgotten vote",
            $"{process.Id} voted for {promises.Vote} in {promises.Term}, and now knows {core.HardState.Vote}.");
        // Who knows that his log was damaged and may have lost its end is careful, and promises nothing any more.
        if (process.Node.IsDamaged && core.Doubt is not null)
            promises.OnTruncated(core.LastEntry.Index.Next);
        Require(core.LastEntry.Index >= promises.Acknowledged, "forgotten entries",
            $"{process.Id} acknowledged {promises.Acknowledged}, and its log ends with {core.LastEntry}.");

        _views[process] = new NodeView();
        if (core.Doubt is not null)
            _cluster.Marks.Add(Mark.DoubtBegun);
        AfterTurn(process, runtime);
    }

    /// <summary>Looks at a member after a turn of its owner.</summary>
    public void AfterTurn(SimulatedProcess process, NodeRuntime runtime)
    {
        if (!_views.TryGetValue(process, out NodeView? view))
            return;

        RaftCore core = runtime.Driver.Core;
        HardState now = core.HardState;
        if (now.Term < view.Term || (now.Term == view.Term && !view.Vote.IsNone && now.Vote != view.Vote))
            Fail("term or vote", $"{process.Id} goes from {view.Term}, vote {view.Vote} to {now}.");
        if (now.Commit < view.Commit || core.AppliedIndex < view.Applied)
            Fail("going back", $"{process.Id}: {view.Commit} {view.Applied}, then {now.Commit} {core.AppliedIndex}.");
        if (core.LogBase.Index > core.AppliedIndex && core.LogBase.Index > now.Commit)
            Fail("purged", $"{process.Id} has purged {core.LogBase} and committed {now.Commit}.");
        if (core.AppliedIndex > now.Commit || now.Commit > core.LastEntry.Index)
            Fail("order", $"{process.Id}: applied {core.AppliedIndex}, committed {now.Commit}, last {core.LastEntry}.");

        FollowLog(process, core, view);
        if (now.Commit > view.Commit)
            CheckCommit(process, runtime, core, view);
        if (core.Role is RaftRole.Leader && (view.Role is not RaftRole.Leader || view.Term != now.Term))
            CheckNewLeader(process, runtime, core, view);

        CheckDurable(process, core, view);
        _campaigns.AfterTurn(process, core, view);
        _steps.AfterTurn(process, core, view);
        if (core.Role is RaftRole.Leader)
            _leases.AfterTurn(process, core);
        if (view.Term != now.Term || view.Role != core.Role || view.Commit != now.Commit)
            Trace(process, core);
        FollowMembership(process, core);
        if (view.IsInDoubt && core.Doubt is null)
            _cluster.Marks.Add(Mark.DoubtEnded);
        if (process.Node.IsDamaged && core.Doubt is null && runtime.Receiver.DurableEnd == core.LastEntry)
            process.Node.OnWhole(process);
        view.Follow(core);
    }

    private void FollowMembership(SimulatedProcess process, RaftCore core)
    {
        // The first one has version zero, as no membership has.
        if (core.Membership.Version <= Newest.Version && !Newest.Members.IsEmpty)
            return;

        Newest = core.Membership;
        if (core.Role is RaftRole.Leader && Newest.IsJoint && !Newest.Voters.Contains(process.Id))
            _cluster.Marks.Add(Mark.LeaderBeingRemoved);
        _cluster.World.Trace.Add(process.Node.Name, $"is the first with membership {Newest.Version}: {Newest}");
    }

    public void OnSend(SimulatedProcess process, in Message message)
    {
        Said.OnSend(message);
        _campaigns.OnSend(process, message);
        if (message.Kind is MessageKind.VoteResponse or MessageKind.AppendResponse
            && _views.TryGetValue(process, out NodeView? view))
        {
            CheckSynced(process, message);
            PromisesOf(process.Id).OnSend(message, view.Log.Last.Index);
            if (message is { Kind: MessageKind.VoteResponse, Reject: false } && message.To != process.Id)
                OnVote(process, message, view);
        }
    }

    /// <summary>Is told of each message that reaches a member, before it takes it.</summary>
    public void OnArrival(SimulatedProcess process, NodeId from, MessageKind kind, bool isRefusal)
    {
        Said.OnArrival(from, process.Id);
        _campaigns.OnArrival(process, from, kind, isRefusal);
    }

    /// <summary>What a member says in a term it says after the term is on its disk, and the vote as well.</summary>
    private void CheckSynced(SimulatedProcess process, in Message message)
    {
        if (process.Raft.Runtime?.Receiver.DurableVote is not { } disk || disk.Term > message.Term)
            return;

        bool isVote = message is { Kind: MessageKind.VoteResponse, Reject: false };
        if (disk.Term < message.Term || (isVote && disk.Vote != message.To))
        {
            string what = isVote ? $"votes for {message.To}" : $"sends {message.Kind}";
            Fail("before the sync", $"{process.Id} {what} in {message.Term}; its disk has {disk.Term}, {disk.Vote}.");
        }
    }

    /// <summary>What a member takes for durable is on its disk.</summary>
    private void CheckDurable(SimulatedProcess process, RaftCore core, NodeView view)
    {
        bool isNews = core.DurableIndex != view.Durable || core.LastEntry != view.LastEntry;
        if (!isNews || core.DurableIndex <= core.LogBase.Index || process.Node.IsDamaged)
            return;

        view.Log.TryGetTerm(core.DurableIndex, out Term term);
        EntryId id = new(term, core.DurableIndex);
        if (!_registry.IsHeldBy(DurableOf(process.Id), id))
            Fail("durable", $"{process.Id} takes {id} for durable; its disk ends with {DurableOf(process.Id)}.");
    }

    private void OnVote(SimulatedProcess process, in Message vote, NodeView voter)
    {
        if (!_leaders.ContainsKey(vote.Term) && !process.Node.IsDamaged
            && _cluster.Find(vote.To)?.Process is { } candidate)
        {
            _steps.OnVote(vote, voter, _views.GetValueOrDefault(candidate));
        }

        _cluster.OnVoted(process);
    }

    /// <summary>State machine safety: the same commands with the same results everywhere (Raft §5.4).</summary>
    public void OnApply(SimulatedProcess process, in AppliedCommand command, in ApplyResult result)
    {
        int index = (int)command.Id.Index.Value;
        ulong payload = EntryRegistry.Digest(command.Payload.Span, 0);
        ulong outcome = EntryRegistry.Digest(result.Payload.Span, (ulong)result.Value);
        while (_applied.Count <= index)
            _applied.Add(default);
        if (_applied[index].Term.IsZero)
        {
            _applied[index] = (command.Id.Term, payload, outcome);
            Commands++;
        }
        else if (_applied[index] != (command.Id.Term, payload, outcome))
        {
            Fail("state machine safety",
                $"{process.Id} applies {command.Id} differently: {_applied[index]} and {(payload, outcome)}.");
        }

        _cluster.World.Trace.Mix(command.Id.Index.Value, (long)payload, (long)process.Id.Value);
        if (index % _cluster.Plan.DigestInterval == 0)
            CompareStates(process.Id, index, process.Machine);
    }

    public void OnRestore(SimulatedProcess process, EntryId lastIncluded)
    {
        Snapshots++;
        _cluster.Marks.Add(Mark.SnapshotRestored);
        if (_registry.FindCommitted(lastIncluded.Index) is { } known && known != lastIncluded)
            Fail("snapshot", $"{process.Id} restores {lastIncluded} where {known} is committed.");
    }

    /// <summary>Compares what a member's store holds after an entry with what others held then.</summary>
    public void CompareStates(NodeId member, long index, KeyValueStateMachine machine)
    {
        KeyValueHash hash = machine.Hash(0, CancellationToken.None);
        KeyValueStatus status = machine.Status;
        ulong digest = EntryRegistry.Digest(
            [], HashOf(hash.Hash, hash.Revision.Value, hash.CompactedRevision.Value, status.Keys, status.Leases));
        if (_digests.TryAdd(index, (digest, member)))
            return;

        (ulong known, NodeId by) = _digests[index];
        if (known != digest)
            Fail("divergence", $"{member} and {by} differ after {index}: {hash}, {status}.");
    }

    /// <summary>Notes what a process leaves behind.</summary>
    public void OnEnding(SimulatedProcess process)
    {
        _campaigns.OnEnding(process);
        if (!_views.Remove(process) || process.Raft.Runtime is not { } runtime)
            return;

        if (runtime.Driver.Core.Status.Progress.Any(progress => !progress.PendingSnapshot.IsZero))
            _cluster.Marks.Add(Mark.SnapshotInterrupted);
        EntryId durable = runtime.Receiver.DurableEnd;
        _durableAtEnd[process.Id] = durable;
        if (!process.Node.IsDamaged)
            return;

        if (!_durableBeforeDamage.TryGetValue(process.Id, out List<EntryId>? before))
            _durableBeforeDamage.Add(process.Id, before = []);
        before.Add(durable);
    }

    /// <summary>Judges why a node has stopped by itself.</summary>
    public void OnStopped(SimulatedNode node, Exception reason)
    {
        bool isDiskFault = reason is StorageFailedException or IOException or DataDirectoryException;
        bool isDamage = reason is LogCorruptedException;
        bool isRemoved = reason is MemberRemovedException && !Newest.Contains(node.Id);
        bool isExpected = isRemoved || reason is PowerCutException or NodeStoppedException
            || (isDiskFault && node.HasDiskFaults) || (isDamage && node.IsBeyondRepair);
        if (!isExpected)
            Fail("stopped by itself", $"{node.Id}, where {Newest} is the newest membership: {reason}");
    }

    private void FollowLog(SimulatedProcess process, RaftCore core, NodeView view)
    {
        if (core.LastEntry == view.Log.Last && core.LogBase == view.Log.Base)
            return;

        EntryId previousLast = view.Log.Last;
        ReadOnlySpan<Entry> added = view.Log.Follow(core, out LogIndex? truncated);
        if (truncated is { } from)
        {
            _cluster.Marks.Add(Mark.ConflictOverwritten);
            PromisesOf(process.Id).OnTruncated(from);
            if (from <= view.LastChange)
                view.LastChange = default;
            if (from <= view.Commit)
                Fail("committed entries", $"{process.Id} overwrites {from}, and {view.Commit} is committed.");
            if (view.Role is RaftRole.Leader && core.Role is RaftRole.Leader && view.Term == core.Term)
                Fail("leader append-only", $"{process.Id} overwrites {from} of {previousLast} while it leads.");
        }

        foreach (ref readonly Entry entry in added)
        {
            if (entry.Kind is EntryKind.Membership)
            {
                _lastChange = LogIndex.Max(_lastChange, entry.Index);
                _steps.OnChange(process, core, view, entry.Id);
            }

            view.Log.TryGetTerm(new LogIndex(entry.Index.Value - 1), out Term before);
            if (_registry.Add(entry, new EntryId(before, new(entry.Index.Value - 1))) is { } wrong)
                Fail("log matching", $"{process.Id}: {wrong}");
        }
    }

    /// <summary>What is committed is the same everywhere, and on the disks of a quorum.</summary>
    private void CheckCommit(SimulatedProcess process, NodeRuntime runtime, RaftCore core, NodeView view)
    {
        LogIndex first = LogIndex.Max(view.Commit.Next, LogIndex.Max(view.Log.Base.Index, new(1)));
        for (LogIndex i = first; i <= core.CommitIndex; i = i.Next)
        {
            view.Log.TryGetTerm(i, out Term term);
            EntryId id = new(term, i);
            if (_registry.FindCommitted(i) is { } known)
            {
                if (known != id)
                    Fail("committed entries", $"{process.Id} commits {id}, others {known}.");
                continue;
            }

            _registry.Commit(id);
            bool isHeld = IsOnQuorum(core.DecidingMembership, id) || IsOnQuorum(view.Membership, id);
            if (!isHeld && core.Role is RaftRole.Leader && !view.Term.IsZero)
            {
                string disks = string.Join(", ", core.DecidingMembership.Voters.Select(each => $"{DurableOf(each)}"));
                Fail("quorum", $"{process.Id} commits {id}, which too few of {core.DecidingMembership} have: {disks}.");
            }
        }
    }

    private bool IsOnQuorum(Membership membership, EntryId id) =>
        new[] { membership.Voters, membership.VotersOutgoing }.All(half =>
            half.IsEmpty || half.Count(voter => IsOrWasHeldBy(voter, id)) > half.Length / 2);

    private bool IsOrWasHeldBy(NodeId voter, EntryId id) =>
        _registry.IsHeldBy(DurableOf(voter), id)
        || (_durableBeforeDamage.TryGetValue(voter, out List<EntryId>? before)
            && before.Exists(last => _registry.IsHeldBy(last, id)));

    private EntryId DurableOf(NodeId member) =>
        _cluster.Find(member)?.Process?.Raft.Runtime is { } runtime
            ? runtime.Receiver.DurableEnd : _durableAtEnd.GetValueOrDefault(member);

    /// <summary>One leader a term, and it has all that was committed before (Raft §5.2, §5.4).</summary>
    private void CheckNewLeader(SimulatedProcess process, NodeRuntime runtime, RaftCore core, NodeView view)
    {
        Term durable = runtime.Receiver.LocalHello.Term;
        if (durable < core.Term)
            Fail("leads a term that it may forget", $"{process.Id} leads {core.Term}, and its disk has {durable}.");
        if (!_leaders.TryAdd(core.Term, process.Id))
        {
            Fail("election safety", $"{_leaders[core.Term]} and {process.Id} lead {core.Term}.");
            return;
        }

        view.Inherited = view.Log.LastBefore(core.Term);
        _leases.OnElected(process, core);
        NoteBeginning(process, core);
        _cluster.OnElected(process);
        for (LogIndex i = core.FirstIndex; i <= _registry.Committed; i = i.Next)
        {
            if (_registry.FindCommitted(i) is { } id && id.Term < core.Term && !view.Log.Contains(id))
                Fail("leader completeness", $"{process.Id} leads {core.Term} without {id}, which is committed.");
        }
    }

    private void NoteBeginning(SimulatedProcess process, RaftCore core)
    {
        if (core.LastEntry.Index > core.CommitIndex.Next)
            _cluster.Marks.Add(Mark.UncommittedInherited);
        if (_views.Any(other => other.Key != process && other.Value.Role is RaftRole.Leader))
            _cluster.Marks.Add(Mark.TwoLeaders);
    }

    private void Trace(SimulatedProcess process, RaftCore core)
    {
        TraceLog trace = _cluster.World.Trace;
        trace.Mix(core.Term.Value, core.CommitIndex.Value, (long)process.Id.Value);
        trace.Add(
            process.Node.Name,
            $"{core.Role} in {core.Term}, leader {core.Leader}, log {core.LastEntry}, committed {core.CommitIndex}");
    }

    private Promises PromisesOf(NodeId member)
    {
        if (!_promises.TryGetValue(member, out Promises? promises))
            _promises.Add(member, promises = new());
        return promises;
    }

    private void Require(bool holds, string kind, string message)
    {
        if (!holds)
            Fail(kind, message);
    }

    private void Fail(string kind, string message) => _cluster.World.Fail(kind, message);

    private static ulong HashOf(params ReadOnlySpan<long> numbers)
    {
        ulong hash = 0;
        foreach (long number in numbers)
            hash = System.Numerics.BitOperations.RotateLeft((hash ^ (ulong)number) * 0x9E3779B97F4A7C15, 31);
        return hash;
    }
}
