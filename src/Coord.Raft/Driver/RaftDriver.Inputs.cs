using Coord.Raft.Core;

namespace Coord.Raft.Driver;

/// <content>What comes from other members and from operators.</content>
internal sealed partial class RaftDriver
{
    // A follower whose state machine lags takes no more entries: the leader slows down and sends them again.
    private const long MaxUnappliedBytes = 256L << 20;

    private readonly List<(NodeId Target, TaskCompletionSource Done, long Deadline)> _transfers = [];

    private bool IsApplyBehind => _handedBytes - _apply.AppliedBytes + _bytesWhileRestoring > MaxUnappliedBytes;

    private bool TakeInbox()
    {
        ReadOnlySpan<Inbound> inputs = _inbox.Drain();
        // Read after the messages were taken: by an older time a lease that has ended would answer their reads.
        long now = _clock();
        _core.Now = now;
        foreach (ref readonly Inbound input in inputs)
        {
            Interlocked.Add(ref _inboxBytes, -input.Bytes);
            if (input.Command is not null)
                input.Command();
            else if (!input.Unreachable.IsNone)
                OnUnreachable(input.Unreachable);
            else
                Take(input.Message, now);
        }

        return !inputs.IsEmpty;
    }

    private void Take(in Message message, long now)
    {
        switch (message.Kind)
        {
            case MessageKind.Forward:
                OnForward(message, now);
                break;
            case MessageKind.ForwardResponse:
                OnForwardResponse(message);
                break;
            case MessageKind.ForwardChange:
                OnForwardChange(message);
                break;
            case MessageKind.ForwardChangeResponse:
                OnForwardChangeResponse(message);
                break;
            case MessageKind.Repair:
                OnRepair(message);
                break;
            case MessageKind.RepairResponse:
                MessageCodec.Discard(message); // Late: this member's log was repaired before the core existed.
                return;
            case MessageKind.SnapshotChunk when message.Term < _core.Term:
                // A former leader's: with the present one's it would compete for the one place of a partial snapshot.
                break;
            case MessageKind.ReadIndex when IsDiskStalled(now):
                // Confirming it would keep the followers following a leader that cannot write.
                break;
            case MessageKind.SnapshotChunk:
            case MessageKind.SnapshotChunkResponse:
                if (_transfer.TryEnqueue(message))
                    return; // The transfer loop keeps the message's memory.
                break;
            case MessageKind.Append when IsApplyBehind:
                MessageCodec.Discard(message);
                return;
            default:
                if (message.Kind is MessageKind.AppendResponse && !message.Reject)
                    _peers.OnAcknowledged(message.From, message.Term, message.Log.Index);
                _core.Step(message);
                break;
        }

        MessageCodec.Release(message);
    }

    private void OnRepair(in Message request)
    {
        RepairAnswer answer = _core.FindBefore(
            request.Hint, request.Log.Index, request.Commit, out EntryId before, out ReadOnlyMemory<Entry> entries);
        _transport.TrySend(RepairExchange.CreateAnswer(
            request, _core.Term, answer, before, entries, _core.NewestMembership));
    }

    /// <summary>Starts to hand the leadership to another member; runs on the owner loop.</summary>
    public void TransferLeadership(NodeId target, TaskCompletionSource done)
    {
        if (_core.Role is not RaftRole.Leader)
        {
            done.TrySetException(new NotLeaderException(_core.Leader));
            return;
        }

        if (target == _options.NodeId)
        {
            done.TrySetResult();
            return;
        }

        if (!_core.Membership.Voters.Contains(target))
        {
            done.TrySetException(new MembershipChangeRefusedException($"{target} is not a voter; it cannot lead."));
            return;
        }

        _core.TransferLeadership(target);
        _transfers.Add((target, done, _clock() + (2 * (long)_options.ElectionTimeout.TotalNanoseconds)));
    }

    /// <summary>Chooses the member that needs the least to take over; none if there is no other voter.</summary>
    public NodeId BestSuccessor()
    {
        RaftCoreStatus core = _core.Status;
        ProgressStatus? best = null;
        foreach (ProgressStatus candidate in core.Progress)
        {
            bool canLead = candidate.Id != _options.NodeId && core.Membership.Voters.Contains(candidate.Id)
                && core.Membership.Members.All(member => member.Id != candidate.Id || !member.IsWitness);

            // One that was silent of late would be waited for in vain.
            if (canLead && candidate.RecentActive && (best is null || candidate.Match > best.Value.Match))
                best = candidate;
        }

        return best?.Id ?? NodeId.None;
    }

    private void WatchRequests(long now)
    {
        for (int i = _transfers.Count - 1; i >= 0; i--)
        {
            (NodeId target, TaskCompletionSource done, long deadline) = _transfers[i];
            if (_core.Leader == target)
                done.TrySetResult();
            else if (now > deadline)
                done.TrySetException(new CoordTimeoutException($"{target} did not take over in time."));
            else
                continue;

            _transfers.RemoveAt(i);
        }

        WatchChanges(now);
    }

    /// <summary>Fails everybody who still waits, since the node has stopped. After the loops have ended.</summary>
    public void FailAll(Exception failure)
    {
        foreach (Inbound input in _inbox.Close())
            input.Command?.Invoke();

        foreach (PendingProposal proposal in _proposals.Close())
            Fail(proposal, new NodeStoppedException("The node has stopped.", Outcome.DidNotHappen, failure));
        foreach (PendingProposal proposal in _waiting)
            Fail(proposal, new NodeStoppedException("The node has stopped.", Outcome.DidNotHappen, failure));
        foreach (PendingProposal proposal in _appended.Values.Concat(_forwarded.Values))
            Fail(proposal, new NodeStoppedException("The node stopped first.", Outcome.Unknown, failure));

        _waiting.Clear();
        _appended.Clear();
        _forwarded.Clear();
        foreach (PendingRead read in _readQueue.Close())
            _reads.Add(read);

        _reads.Expire(long.MaxValue, () => new NodeStoppedException("The node has stopped.", Outcome.DidNotHappen));
        foreach ((_, TaskCompletionSource done, _) in _transfers)
            done.TrySetException(new NodeStoppedException("The node has stopped.", Outcome.Unknown, failure));
        FailChanges(failure);
    }
}
