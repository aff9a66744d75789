using Coord.Raft.Core;
using Coord.Raft.Diagnostics;

namespace Coord.Raft.Driver;

/// <content>What comes from other members and from operators.</content>
internal sealed partial class RaftDriver
{
    // A follower whose state machine lags takes no more entries: the leader slows down and sends them again.
    private const long MaxUnappliedBytes = 256L << 20;

    private readonly List<(NodeId Target, TaskCompletionSource Done, long Deadline)> _transfers = [];
    private PendingChange? _change;

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

    /// <summary>Starts to change the membership; runs on the owner loop.</summary>
    public void ChangeMembership(
        MembershipTarget target, LogIndex expectedVersion, TaskCompletionSource<Membership> done)
    {
        if (_core.Role is not RaftRole.Leader)
            done.TrySetException(new NotLeaderException(_core.Leader));
        else if (_change is not null)
            Refuse("Another change of the membership is under way; wait for it.");
        else if (_core.Membership.Version != expectedVersion)
            Refuse($"The membership is at version {_core.Membership.Version}, not {expectedVersion}; read it again.");
        else if (MembershipPlanner.Validate(target) is { } error)
            Refuse(error);
        else
        {
            long now = _clock();
            long patience = now + (long)_options.ElectionTimeout.TotalNanoseconds;
            _change = new PendingChange(done, target, now + MembershipTimeout, patience);
            AdvanceMembershipChange();
        }

        void Refuse(string reason) => done.TrySetException(new MembershipChangeRefusedException(reason));
    }

    // New members have to load a snapshot first, which may be large.
    private static long MembershipTimeout => (long)TimeSpan.FromMinutes(10).TotalNanoseconds;

    /// <summary>
    /// Proposes the next step towards the wanted membership; after each applied change, and on each tick.
    /// </summary>
    private void AdvanceMembershipChange()
    {
        if (_change is null)
            return;

        // First of all: a leader that removes itself may have left as soon as that took effect.
        if (MembershipPlanner.IsReached(_core.Membership, _change.Target))
        {
            _change.Done.TrySetResult(_core.Membership);
            _change = null;
            return;
        }

        if (_core.Role is not RaftRole.Leader)
        {
            FailChange(_change.Started
                ? new OutcomeUnknownException("The leadership changed; read the membership to see how far it came.")
                : new NotLeaderException(_core.Leader));
            return;
        }

        // Null while learners catch up: they promote themselves.
        if (MembershipPlanner.Next(_core.Membership, _change.Target) is not { } step)
            return;

        switch (_core.ProposeMembership(step, out EntryId id))
        {
            case ProposeStatus.Accepted:
                _change.Started = true;
                Log.MembershipProposed(_logger, id);
                break;
            case ProposeStatus.WouldLoseQuorum when _clock() < _change.Patience:
                break; // A new leader has to hear its followers first.
            case ProposeStatus.WouldLoseQuorum:
                RefuseStep(
                    "The new voters have no quorum that answers: the change would stop the cluster. Start them first.");
                break;
            case ProposeStatus.Invalid:
                RefuseStep("The change contradicts the present membership.");
                break;
            default:
                break; // Not now: the next tick tries again.
        }
    }

    /// <summary>Ends a change whose next step is refused. After a first step something was done.</summary>
    private void RefuseStep(string reason) => FailChange(_change!.Started
        ? new OutcomeUnknownException($"The change stopped half-way; read the membership. {reason}")
        : new MembershipChangeRefusedException(reason));

    private void FailChange(Exception failure)
    {
        _change!.Done.TrySetException(failure);
        _change = null;
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

        if (_change is not null && now > _change.Deadline)
            FailChange(new OutcomeUnknownException("The change did not end in time; read the membership."));

        AdvanceMembershipChange();
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
        if (_change is not null)
            FailChange(new NodeStoppedException("The node has stopped.", Outcome.Unknown, failure));
    }
}
