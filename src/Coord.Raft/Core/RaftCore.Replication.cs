using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>The leader's side of the log: proposals, pipelined appends, commit (Raft §5.3, §5.4.2).</summary>
internal sealed partial class RaftCore
{
    private long _uncommittedBytes;
    private bool _replicationDue;

    /// <summary>Appends a proposal to the leader's log.</summary>
    /// <param name="kind">Who interprets the payload.</param>
    /// <param name="payload">The bytes; borrowed until the entry is compacted.</param>
    /// <param name="block">The block behind them, one reference on which passes to the core, or null.</param>
    /// <param name="id">The entry's id if accepted.</param>
    /// <returns>What became of it; unless accepted the caller keeps its reference.</returns>
    public ProposeStatus Propose(EntryKind kind, ReadOnlyMemory<byte> payload, EntryBlock? block, out EntryId id)
    {
        Debug.Assert(kind is not EntryKind.Membership, "Changes of the membership go through ProposeMembership.");
        AssertInvariants();
        id = default;
        ProposeStatus status = MayPropose(payload.Length);
        if (status is ProposeStatus.Accepted)
        {
            id = new EntryId(_term, _log.Last.Index.Next);
            AppendAsLeader(new Entry(id, kind, payload, block));
            BroadcastAppend();
        }

        AssertInvariants();
        return status;
    }

    /// <summary>Reports that a message to a member was lost.</summary>
    public void ReportUnreachable(NodeId member)
    {
        // In a pipeline everything behind a lost message is refused; probing asks first.
        if (_role is RaftRole.Leader && _tracker.Find(member) is { State: ProgressState.Replicate } progress &&
            member != _id)
        {
            progress.BecomeProbe();
        }
    }

    private ProposeStatus MayPropose(long bytes)
    {
        if (_role is not RaftRole.Leader || IsRemoved())
            return ProposeStatus.NotLeader;
        // Thesis §3.10: during a transfer the log must hold still, or the target never catches up.
        if (!_transferTarget.IsNone && !Mutants.ProposalsDuringTransfer)
            return ProposeStatus.LeadershipTransferring;
        // Without a quorum the tail would grow for ever. The first proposal always fits, and so does an empty one.
        if (bytes > 0 && _uncommittedBytes > 0 && _uncommittedBytes + bytes > _options.MaxUncommittedBytes)
            return ProposeStatus.UncommittedLimit;
        return ProposeStatus.Accepted;
    }

    private void AppendAsLeader(in Entry entry)
    {
        Debug.Assert(_role is RaftRole.Leader, "Only a leader makes entries.");
        Debug.Assert(entry.Term == _term, "A leader makes entries of its own term.");
        _log.Append(entry);
        _uncommittedBytes += entry.Payload.Length;
        // The leader's own copy counts when it is durable, so it acknowledges to itself after the append. One message
        // is enough for all entries of a Ready.
        Message ack = NewMessage(_id, MessageKind.AppendResponse) with { Log = new EntryId(default, entry.Index) };
        if (_selfAckAt >= 0)
        {
            _messagesAfterAppend[_selfAckAt] = ack;
        }
        else
        {
            _selfAckAt = _messagesAfterAppend.Count;
            _messagesAfterAppend.Add(ack);
        }
    }

    private void BroadcastAppend()
    {
        _replicationDue = true;
        if (!_options.EagerReplication)
            return;
        foreach (Progress progress in _tracker.Members)
        {
            if (progress.Id != _id)
                TrySendAppend(progress, sendIfEmpty: true);
        }
    }

    private void SendAppend(Progress progress)
    {
        if (_options.EagerReplication)
        {
            TrySendAppend(progress, sendIfEmpty: true);
            return;
        }

        progress.WantsAppend = true;
        _replicationDue = true;
    }

    private void SendAsFarAsPossible(Progress progress)
    {
        if (!_options.EagerReplication)
        {
            _replicationDue = true;
            return;
        }

        while (TrySendAppend(progress, sendIfEmpty: false))
        {
        }
    }

    /// <summary>Sends what is due to all members; entries proposed since the last time travel together.</summary>
    private void FlushReplication()
    {
        if (!_replicationDue || _role is not RaftRole.Leader)
            return;
        _replicationDue = false;
        if (_options.EagerReplication)
            return;
        foreach (Progress progress in _tracker.Members)
        {
            if (progress.Id == _id)
                continue;
            bool sendIfEmpty = progress.WantsAppend ||
                (_options.EagerCommitPropagation && progress.CanLearnCommit(_log.Committed));
            progress.WantsAppend = false;
            if (!TrySendAppend(progress, sendIfEmpty))
                continue;
            while (TrySendAppend(progress, sendIfEmpty: false))
            {
            }
        }
    }

    /// <summary>Sends one append, or the order for a snapshot, unless sending is paused.</summary>
    private bool TrySendAppend(Progress progress, bool sendIfEmpty)
    {
        if (progress.IsPaused)
            return false;
        LogIndex previous = progress.Next - 1;
        if (!_log.TryGetTerm(previous, out Term previousTerm))
            return TrySendSnapshot(progress);

        ReadOnlyMemory<Entry> entries = default;
        long bytes = 0;
        // With a full window only an empty append goes out, whose answer reopens it if all before were lost.
        if (progress.State is not ProgressState.Replicate || !progress.Inflights.IsFull)
        {
            entries = _log.SliceForMessage(
                progress.Next, _options.MaxAppendBytes, _options.MaxAppendEntries, out bytes);
        }

        if (entries.IsEmpty && !sendIfEmpty)
            return false;
        _messages.Add(NewMessage(progress.Id, MessageKind.Append) with
        {
            Log = new EntryId(previousTerm, previous),
            Entries = entries,
            Commit = _log.Committed,
            Session = progress.Session,
        });
        progress.OnSent(entries.Length, bytes, _log.Committed);
        if (Mutants.SentCountsAsStored && progress.State is ProgressState.Replicate)
            progress.TryAdvance(progress.Next - 1);
        return true;
    }

    private void BroadcastHeartbeat()
    {
        StartReadRoundOnHeartbeat();
        foreach (Progress progress in _tracker.Members)
        {
            if (progress.Id != _id)
                SendHeartbeat(progress);
        }
    }

    private void SendHeartbeat(Progress progress)
    {
        // Never beyond what the member is known to hold: its log may differ from ours after that (Raft §5.3).
        _messages.Add(NewMessage(progress.Id, MessageKind.Heartbeat) with
        {
            Commit = Mutants.HeartbeatCommitsBeyondMatch
                ? _log.Committed
                : LogIndex.Min(progress.Match, _log.Committed),
            Context = (ulong)_round,
            Session = progress.Session,
        });
    }

    /// <summary>Finds the member that an answer is from; none if it is of a former membership.</summary>
    private Progress? FindAnswering(in Message response)
    {
        Progress? progress = _tracker.Find(response.From);
        if (progress is null ||
            (!Mutants.FormerMembershipAnswers && progress.Session != response.Session && response.From != _id))
        {
            Report(RaftEventKind.MessageIgnored, response.From, value: (long)response.Kind);
            return null;
        }

        OnHeard(progress);
        progress.KnownCommit = LogIndex.Max(progress.KnownCommit, response.Commit);
        return progress;
    }

    private void OnHeard(Progress progress)
    {
        bool wasSilent = _tick - progress.HeardAt >= _options.ElectionTicks;
        progress.RecentActive = true;
        progress.HeardAt = _tick;
        if (wasSilent && progress.State is ProgressState.Snapshot && !Mutants.SnapshotWaitsForEver)
        {
            // Its receiver was gone, and the snapshot probably with it: ask where it stands and send it again,
            // instead of waiting for ever for an end that nobody will report.
            Report(RaftEventKind.SnapshotReported, progress.Id, progress.PendingSnapshot);
            progress.ForgetSnapshot();
            progress.BecomeProbe();
        }
    }

    private void StepAppendResponse(in Message response)
    {
        if (FindAnswering(response) is not { } progress)
            return;
        if (response.Log.Index > _log.Last.Index)
        {
            Report(RaftEventKind.MessageRefused, response.From, response.Log.Index, (long)response.Kind);
            return;
        }

        if (response.Reject)
            OnAppendRefused(progress, response);
        else
            OnAppendAcknowledged(progress, response.Log.Index);
        LeaveAfterRemoval();
    }

    private void OnAppendRefused(Progress progress, in Message response)
    {
        // The follower says where its log may agree with ours; ours says the same of that term. Both together skip a
        // whole term in each round trip (Raft §5.3).
        LogIndex hint = response.Hint.Term.IsZero
            ? response.Hint.Index
            : _log.FindConflict(response.Hint.Index, response.Hint.Term).Index;
        if (!progress.TryBackOff(response.Log.Index, hint))
            return;
        Report(RaftEventKind.AppendRefused, progress.Id, response.Log.Index, progress.Next.Value);
        if (progress.State is ProgressState.Replicate)
            progress.BecomeProbe();
        SendAppend(progress);
    }

    private void OnAppendAcknowledged(Progress progress, LogIndex match)
    {
        // An answer that says nothing new still ends probing: the member may have nothing to catch up with.
        bool advanced = progress.TryAdvance(match);
        if (!advanced && !(progress.Match == match && progress.State is ProgressState.Probe))
            return;
        switch (progress.State)
        {
            case ProgressState.Probe:
                progress.BecomeReplicate();
                break;
            case ProgressState.Snapshot when progress.Match >= _log.Base.Index:
                // Wherever it got them from, the entries that the log no longer has are there.
                progress.BecomeProbe();
                progress.BecomeReplicate();
                break;
            case ProgressState.Replicate:
                progress.Inflights.FreeThrough(Mutants.WindowNeverReopens ? default : match);
                break;
        }

        if (TryCommit())
        {
            OnCommitted();
            // The commit may have been that of the own removal.
            if (_role is not RaftRole.Leader)
                return;
            BroadcastAppend();
        }
        else if (progress.Id != _id && progress.CanLearnCommit(_log.Committed))
        {
            SendAppend(progress);
        }

        if (progress.Id != _id)
        {
            SendAsFarAsPossible(progress);
            PromoteIfCaughtUp(progress);
        }

        if (progress.Id == _transferTarget && progress.Match == _log.Last.Index)
            SendTimeoutNow();
    }

    private void StepHeartbeatResponse(in Message response)
    {
        if (FindAnswering(response) is not { } progress)
            return;
        progress.FlowPaused = false;
        // Whatever was lost on the way is noticed here: the answer to an append tells where the member stands.
        if (progress.Match < _log.Last.Index || progress.State is ProgressState.Probe)
            SendAppend(progress);
        OnRoundAnswered(progress, response.Context);
        PromoteIfCaughtUp(progress);
        LeaveAfterRemoval();
    }

    /// <summary>Commits what a quorum holds durably, if it is of this term.</summary>
    private bool TryCommit()
    {
        if (Mutants.OwnCopyCountsUnsynced && _role is RaftRole.Leader)
            _tracker.Find(_id)?.TryAdvance(_log.Last.Index);
        LogIndex index = _tracker.Committed();
        if (index <= _log.Committed || index > _log.Last.Index)
            return false;
        // Raft §5.4.2: only entries of the leader's own term are committed by counting; earlier ones with them. Counted
        // by themselves they may still be overwritten (Figure 8).
        if (!_log.TryGetTerm(index, out Term term) || (term != _term && !Mutants.OlderTermCommitsByCounting))
            return false;
        _uncommittedBytes -= _log.Bytes(_log.Committed, index);
        return _log.CommitTo(index);
    }

    private void OnCommitted()
    {
        Debug.Assert(_uncommittedBytes >= 0, "What commits was proposed.");
        if (_returned is not null && HasCommittedInTerm())
        {
            EndReturn();
            LeadNewMembership();
        }

        ReleaseEarlyReads();
    }

    private bool HasCommittedInTerm() =>
        _log.TryGetTerm(_log.Committed, out Term term) && term == _term;
}
