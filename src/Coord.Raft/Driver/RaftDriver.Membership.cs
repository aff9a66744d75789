using Coord.Raft.Core;
using Coord.Raft.Diagnostics;

namespace Coord.Raft.Driver;

/// <content>Changes of the membership: led here, forwarded to the leader, or waiting for one.</content>
internal sealed partial class RaftDriver
{
    // Asked here, and not begun anywhere: there is no leader, or it cannot be reached.
    private readonly Queue<PendingChange> _waitingChanges = new();

    // Sent to the leader, by our name for them.
    private readonly Dictionary<ulong, PendingChange> _forwardedChanges = [];

    // The one that this member leads; others are refused meanwhile.
    private PendingChange? _change;

    // New members have to load a snapshot first, which may be large.
    private static long MembershipTimeout => (long)TimeSpan.FromMinutes(10).TotalNanoseconds;

    /// <summary>Takes a change that was asked here; runs on the owner loop.</summary>
    public void ChangeMembership(
        MembershipTarget target, LogIndex expectedVersion, TaskCompletionSource<Membership> done)
    {
        if (MembershipPlanner.Validate(target) is { } error)
        {
            done.TrySetException(new MembershipChangeRefusedException(error));
            return;
        }

        PendingChange change = new(target, expectedVersion)
        {
            Done = done,
            Deadline = _clock() + (long)_options.RequestTimeout.TotalNanoseconds,
        };
        if (!TrySubmitChange(change))
            _waitingChanges.Enqueue(change);
    }

    /// <summary>Begins or forwards a change.</summary>
    /// <returns>False if it has to wait for a leader.</returns>
    private bool TrySubmitChange(PendingChange change)
    {
        if (_core.Role is RaftRole.Leader)
        {
            BeginChange(change);
            return true;
        }

        if (_core.Leader.IsNone)
            return false;

        change.ForwardedTo = _core.Leader;
        change.Context = ++_lastContext;
        _buffer.ResetWrittenCount();
        ForwardedChangeCodec.WriteRequest(_buffer, change.Target, change.ExpectedVersion);
        if (!SendChange(MessageKind.ForwardChange, change.ForwardedTo, change.Context))
            return false;

        // The leader gives up first, and says so; this is for one that cannot.
        change.Deadline = _clock() + MembershipTimeout + (long)_options.RequestTimeout.TotalNanoseconds;
        _forwardedChanges.Add(change.Context, change);
        return true;
    }

    private void BeginChange(PendingChange change)
    {
        if (_change is not null)
        {
            EndChange(change, new MembershipChangeRefusedException(
                "Another change of the membership is under way; wait for it.", MembershipRefusal.Busy));
        }
        else if (_core.Membership.Version != change.ExpectedVersion)
        {
            EndChange(change, Outdated(change));
        }
        else
        {
            long now = _clock();
            change.Deadline = now + MembershipTimeout;
            change.Patience = now + (long)_options.ElectionTimeout.TotalNanoseconds;
            _change = change;
            AdvanceMembershipChange();
        }
    }

    private void OnForwardChange(in Message message)
    {
        if (!ForwardedChangeCodec.TryReadRequest(message.Payload, out MembershipTarget target, out LogIndex version))
            return;

        if (!_forwards.TryGetValue(message.From, out ForwardWindow? forwards))
            _forwards.Add(message.From, forwards = new ForwardWindow());
        if (!forwards.TryAccept(message.Context))
            return;

        PendingChange change = new(target, version) { ForwardedBy = message.From, Context = message.Context };
        if (_core.Role is not RaftRole.Leader)
            EndChange(change, new NotLeaderException(_core.Leader));
        else if (!_core.Membership.Contains(message.From))
        {
            // The transport lets in who knows the cluster's id, for one that was away; it has no say in this.
            EndChange(change, new MembershipChangeRefusedException($"{message.From} is no member of the cluster."));
        }
        else if (MembershipPlanner.Validate(target) is { } error)
            EndChange(change, new MembershipChangeRefusedException(error));
        else
            BeginChange(change);
    }

    private void OnForwardChangeResponse(in Message message)
    {
        if (!ForwardedChangeCodec.TryReadResponse(
                message.Payload, out ForwardedChangeStatus status, out MembershipRefusal reason,
                out Membership reached, out string text)
            || !_forwardedChanges.TryGetValue(message.Context, out PendingChange? change)
            || change.ForwardedTo != message.From)
        {
            return;
        }

        _forwardedChanges.Remove(message.Context);
        switch (status)
        {
            case ForwardedChangeStatus.Reached:
                change.Done!.TrySetResult(reached);
                break;
            case ForwardedChangeStatus.NotLeader:
                // It surely did not happen: once more, to the next leader.
                change.Deadline = _clock() + (long)_options.RequestTimeout.TotalNanoseconds;
                _waitingChanges.Enqueue(change);
                break;
            case ForwardedChangeStatus.Refused:
                EndChange(change, new MembershipChangeRefusedException(text, reason));
                break;
            default:
                EndChange(change, new OutcomeUnknownException(text));
                break;
        }
    }

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
            Complete(_change, _core.Membership);
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

        // A change that a former leader left in the log may have been applied since this one was asked for. Towards a
        // target that knows nothing of it, this one would take it back: a member that was removed would come again.
        if (!_change.Started && _core.Membership.Version != _change.ExpectedVersion)
        {
            FailChange(Outdated(_change));
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
                    "The new voters have no quorum that answers: the change would stop the cluster. Start them first.",
                    MembershipRefusal.QuorumAtRisk);
                break;
            case ProposeStatus.Invalid:
                RefuseStep("The change contradicts the present membership.", MembershipRefusal.Invalid);
                break;
            default:
                break; // Not now: the next tick tries again.
        }
    }

    private MembershipChangeRefusedException Outdated(PendingChange change) => new(
        $"The membership is at version {_core.Membership.Version}, not {change.ExpectedVersion}; read it again.",
        MembershipRefusal.Outdated);

    /// <summary>Ends a change whose next step is refused. After a first step something was done.</summary>
    private void RefuseStep(string text, MembershipRefusal reason) => FailChange(_change!.Started
        ? new OutcomeUnknownException($"The change stopped half-way; read the membership. {text}")
        : new MembershipChangeRefusedException(text, reason));

    private void FailChange(Exception failure)
    {
        EndChange(_change!, failure);
        _change = null;
    }

    private void Complete(PendingChange change, Membership reached)
    {
        if (change.ForwardedBy.IsNone)
        {
            change.Done!.TrySetResult(reached);
            return;
        }

        _buffer.ResetWrittenCount();
        ForwardedChangeCodec.WriteReached(_buffer, reached);
        SendChange(MessageKind.ForwardChangeResponse, change.ForwardedBy, change.Context);
    }

    /// <summary>Tells whoever waits that a change was not reached.</summary>
    private void EndChange(PendingChange change, Exception failure)
    {
        // A leader that removed itself may be gone before it answers; that it was done is seen here too.
        if (failure is OutcomeUnknownException && MembershipPlanner.IsReached(_core.Membership, change.Target))
        {
            Complete(change, _core.Membership);
            return;
        }

        if (change.ForwardedBy.IsNone)
        {
            change.Done!.TrySetException(failure);
            return;
        }

        (ForwardedChangeStatus status, MembershipRefusal reason) = failure switch
        {
            NotLeaderException => (ForwardedChangeStatus.NotLeader, default),
            MembershipChangeRefusedException refused => (ForwardedChangeStatus.Refused, refused.Reason),
            _ => (ForwardedChangeStatus.Unknown, default(MembershipRefusal)),
        };
        _buffer.ResetWrittenCount();
        ForwardedChangeCodec.WriteFailure(_buffer, status, reason, failure.Message);
        SendChange(MessageKind.ForwardChangeResponse, change.ForwardedBy, change.Context);
    }

    private bool SendChange(MessageKind kind, NodeId to, ulong context) => _transport.TrySend(new Message
    {
        Kind = kind,
        From = _options.NodeId,
        To = to,
        Term = _core.Term,
        Context = context,
        Payload = _buffer.WrittenMemory,
    });

    private void WatchChanges(long now)
    {
        for (int count = _waitingChanges.Count; count > 0; count--)
        {
            PendingChange change = _waitingChanges.Dequeue();
            if (now > change.Deadline)
                EndChange(change, new NotLeaderException(_core.Leader));
            else if (!TrySubmitChange(change))
                _waitingChanges.Enqueue(change);
        }

        foreach ((ulong context, PendingChange change) in _forwardedChanges)
        {
            if (now <= change.Deadline)
                continue;

            _forwardedChanges.Remove(context);
            EndChange(change, new OutcomeUnknownException(
                $"The leader {change.ForwardedTo} does not answer; read the membership to see how far it came."));
        }

        if (_change is not null && now > _change.Deadline)
            FailChange(new OutcomeUnknownException("The change did not end in time; read the membership."));

        AdvanceMembershipChange();
    }

    /// <summary>Fails the changes that a lost leader had; whether they happen is up to its successor.</summary>
    private void AbandonChangesAt(NodeId peer)
    {
        foreach ((ulong context, PendingChange change) in _forwardedChanges)
        {
            if (change.ForwardedTo != peer)
                continue;

            _forwardedChanges.Remove(context);
            EndChange(change, new OutcomeUnknownException(
                $"The connection to the leader {peer} broke before it answered; read the membership."));
        }
    }

    /// <summary>Waits less for a leader that was replaced: if it still runs, it answers soon.</summary>
    private void HurryForwardedChanges(NodeId leader, long soon)
    {
        foreach (PendingChange change in _forwardedChanges.Values)
        {
            if (change.ForwardedTo != leader)
                change.Deadline = Math.Min(change.Deadline, soon);
        }
    }

    private void FailChanges(Exception failure)
    {
        foreach (PendingChange change in _waitingChanges)
        {
            change.Done!.TrySetException(
                new NodeStoppedException("The node has stopped.", Outcome.DidNotHappen, failure));
        }

        IEnumerable<PendingChange> begun = _change is null
            ? _forwardedChanges.Values
            : _forwardedChanges.Values.Append(_change);
        foreach (PendingChange change in begun)
            change.Done?.TrySetException(new NodeStoppedException("The node has stopped.", Outcome.Unknown, failure));

        _waitingChanges.Clear();
        _forwardedChanges.Clear();
        _change = null;
    }
}
