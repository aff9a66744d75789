using Coord.Raft.Core;
using Coord.Raft.Diagnostics;

namespace Coord.Raft.Driver;

/// <content>Proposals: appended here, forwarded to the leader, or waiting for one; and what became of them.</content>
internal sealed partial class RaftDriver
{
    // Not yet in any log. In order of arrival, so that callers of one thread keep their order.
    private readonly Queue<PendingProposal> _waiting = new();

    // Appended here, by index, until the entry at that index is committed: only then is their fate known.
    private readonly Dictionary<LogIndex, PendingProposal> _appended = [];

    // Sent to the leader, by our name for them.
    private readonly Dictionary<ulong, PendingProposal> _forwarded = [];
    // Who forwarded what to us lately. The peers are few: the transport admits no others.
    private readonly Dictionary<NodeId, ForwardWindow> _forwards = [];
    private readonly CompletionPool<PendingProposal> _proposalPool;
    private readonly ProposalBudget _budget;
    private readonly EntryArena _arena;
    private ulong _lastContext;
    private long _handedBytes;

    private bool TakeProposals()
    {
        ReadOnlySpan<PendingProposal> proposals = _proposals.Drain();
        foreach (PendingProposal proposal in proposals)
            _waiting.Enqueue(proposal);

        return !proposals.IsEmpty;
    }

    private void SubmitProposals(long now)
    {
        // The state machine has to keep up, or the log would grow by what it has not applied.
        while (_waiting.Count > 0 && !IsApplyBehind)
        {
            PendingProposal proposal = _waiting.Peek();
            if (proposal.Deadline <= now || (proposal.ForwardedBy.IsNone && proposal.IsCompleted))
                FailUnsent(proposal);
            else if (!TrySubmit(proposal))
                return;

            _waiting.Dequeue();
        }
    }

    /// <summary>Appends or forwards a proposal.</summary>
    /// <returns>False if it has to wait: there is no leader, or the leader is at its bound.</returns>
    private bool TrySubmit(PendingProposal proposal)
    {
        if (_core.Role is RaftRole.Leader)
            return TryAppend(proposal);

        if (!proposal.ForwardedBy.IsNone)
        {
            // The sender believed us to lead. It knows better soon, and tries there.
            Answer(proposal, ForwardStatus.NotLeader, new NotLeaderException(_core.Leader));
            return true;
        }

        if (_core.Leader.IsNone)
            return false;

        proposal.ForwardedTo = _core.Leader;
        proposal.Context = ++_lastContext;
        if (!ForwardCodec.SendRequest(_transport, _buffer, _options.NodeId, _core.Term, proposal))
            return false;

        _forwarded.Add(proposal.Context, proposal);
        return true;
    }

    private bool TryAppend(PendingProposal proposal)
    {
        ProposeStatus status = _core.Propose(proposal.Kind, proposal.Payload, proposal.Block, out EntryId id);
        if (status is not ProposeStatus.Accepted)
            return false;

        // The log owns the payload's reference now.
        proposal.Block = null;
        proposal.Payload = default;
        proposal.Term = id.Term;
        if (_appended.Remove(id.Index, out PendingProposal? overtaken))
        {
            // Appended here in an earlier leadership and cut off since; it may live on in another member's log.
            Answer(overtaken, ForwardStatus.Unknown, new OutcomeUnknownException(
                "Another leader took over before the proposal was replicated; it may yet be committed."));
        }

        _appended.Add(id.Index, proposal);
        return true;
    }

    /// <summary>
    /// Finds who waits for a committed entry, and fails whoever waited for another one at that index.
    /// </summary>
    private PendingProposal? ResolveProposal(in Entry entry)
    {
        long bytes = entry.Payload.Length + ApplyLoop.EntryOverhead;
        _handedBytes += bytes;
        _bytesSinceSnapshot += bytes;
        if (!_appended.Remove(entry.Index, out PendingProposal? proposal) || proposal.Term == entry.Term)
            return proposal;

        // Another leader's entry took the place, so ours is in no log that can ever commit.
        Answer(proposal, ForwardStatus.Dropped, new ProposalDroppedException(
            "Another leader took over before the proposal was replicated; it did not happen and can be tried again."));
        return null;
    }

    /// <summary>Fails those whose entries a received snapshot covers: whether they are in it cannot be told.</summary>
    private void AbandonProposalsThrough(LogIndex index)
    {
        foreach ((LogIndex at, PendingProposal proposal) in _appended)
        {
            if (at > index)
                continue;

            _appended.Remove(at);
            Answer(proposal, ForwardStatus.Unknown, new OutcomeUnknownException(
                "This member was caught up by a snapshot, which does not tell whether the proposal was committed."));
        }
    }

    private void OnForward(in Message message, long now)
    {
        if (!ForwardCodec.TryReadRequest(message.Payload, out EntryKind kind, out ReadOnlyMemory<byte> payload))
            return;

        if (!_forwards.TryGetValue(message.From, out ForwardWindow? forwards))
            _forwards.Add(message.From, forwards = new ForwardWindow());
        if (!forwards.TryAccept(message.Context))
            return;

        PendingProposal proposal = _proposalPool.Rent();
        proposal.BeginWithoutCaller();
        proposal.Kind = kind;
        proposal.ForwardedBy = message.From;
        proposal.Context = message.Context;
        proposal.Deadline = now + (long)_options.RequestTimeout.TotalNanoseconds;
        if (payload.Length > _options.MaxCommandBytes + SessionTable.HeaderBytes || !_budget.TryTake(payload.Length))
        {
            Answer(proposal, ForwardStatus.Dropped, null);
            return;
        }

        proposal.Budget = _budget;
        proposal.BudgetBytes = payload.Length;
        Memory<byte> copy = _arena.Allocate(payload.Length, out EntryBlock block);
        payload.CopyTo(copy);
        proposal.Block = block;
        proposal.Payload = copy;
        _waiting.Enqueue(proposal);
    }

    private void OnForwardResponse(in Message message)
    {
        if (!ForwardCodec.TryReadResponse(message.Payload, out ForwardStatus status, out ProposalResult result)
            || !_forwarded.TryGetValue(message.Context, out PendingProposal? proposal)
            || proposal.ForwardedTo != message.From)
        {
            return;
        }

        _forwarded.Remove(message.Context);
        switch (status)
        {
            case ForwardStatus.Applied:
                proposal.ReleasePayload();
                proposal.Complete(result);
                break;
            case ForwardStatus.NotLeader:
                // It surely did not happen: once more, to the next leader, in the time that it had from the start.
                long whole = (long)_options.RequestTimeout.TotalNanoseconds;
                proposal.Deadline = Math.Max(proposal.Deadline, proposal.StartedAt + whole);
                _waiting.Enqueue(proposal);
                break;
            case ForwardStatus.SessionExpired:
                Fail(proposal, new SessionExpiredException(SessionTable.ReadId(proposal.Payload.Span)));
                break;
            case ForwardStatus.Dropped:
                Fail(proposal, new ProposalDroppedException("The leader has too much to do; try again shortly."));
                break;
            default:
                Fail(proposal, new OutcomeUnknownException("The leader was replaced; the write may yet happen."));
                break;
        }
    }

    private void OnUnreachable(NodeId peer)
    {
        _core.ReportUnreachable(peer);
        AbandonChangesAt(peer);
        foreach ((ulong context, PendingProposal proposal) in _forwarded)
        {
            if (proposal.ForwardedTo != peer)
                continue;

            _forwarded.Remove(context);
            Fail(proposal, new OutcomeUnknownException(
                $"The connection to the leader {peer} broke before it answered; the write may have happened."));
        }
    }

    /// <summary>Waits less for a leader that was replaced: if it still runs, it answers soon.</summary>
    private void HurryForwarded(NodeId leader)
    {
        long soon = _clock() + (long)_options.ElectionTimeout.TotalNanoseconds;
        foreach (PendingProposal proposal in _forwarded.Values)
        {
            if (proposal.ForwardedTo != leader)
                proposal.Deadline = Math.Min(proposal.Deadline, soon);
        }

        HurryForwardedChanges(leader, soon);
    }

    private void Expire(long now)
    {
        for (int count = _waiting.Count; count > 0; count--)
        {
            PendingProposal proposal = _waiting.Dequeue();
            if (proposal.Deadline <= now)
                FailUnsent(proposal);
            else
                _waiting.Enqueue(proposal);
        }

        ExpireFrom(_appended, now);
        ExpireFrom(_forwarded, now);
        _reads.Expire(now, () => new CoordTimeoutException(
            "No quorum confirmed the read in time; check that most members run and reach each other."));
    }

    private void ExpireFrom<TKey>(Dictionary<TKey, PendingProposal> from, long now)
        where TKey : notnull
    {
        foreach ((TKey key, PendingProposal proposal) in from)
        {
            if (proposal.Deadline > now)
                continue;

            from.Remove(key);
            Answer(proposal, ForwardStatus.Unknown, new OutcomeUnknownException(
                "The proposal was not committed in time, for want of a quorum; it may yet be."));
        }
    }

    private void FailUnsent(PendingProposal proposal) =>
        Answer(proposal, ForwardStatus.NotLeader, new NotLeaderException(_core.Leader));

    /// <summary>Fails a proposal, and tells the member that forwarded it if one did.</summary>
    private void Answer(PendingProposal proposal, ForwardStatus status, Exception? failure)
    {
        if (!proposal.ForwardedBy.IsNone)
            ForwardCodec.SendResponse(_transport, _buffer, _options.NodeId, proposal, status, default);

        Fail(proposal, failure);
    }

    private static void Fail(PendingProposal proposal, Exception? failure)
    {
        proposal.ReleasePayload();
        failure ??= new ProposalDroppedException("The leader is at its bound; try again shortly.");
        RaftMetrics.Failed((failure as CoordException)?.Outcome ?? Outcome.Unknown);
        proposal.Fail(failure);
    }
}
