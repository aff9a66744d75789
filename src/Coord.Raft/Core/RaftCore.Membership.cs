namespace Coord.Raft.Core;

/// <summary>Changes of the membership: joint consensus, learners that promote themselves, removal (Raft §6).</summary>
/// <remarks>
/// A membership takes effect when its entry is applied, on each member by itself. That is safe because a change is
/// only proposed when no other is pending: two memberships in effect at the same time then always share a quorum.
/// </remarks>
internal sealed partial class RaftCore
{
    // The last change in the log; until it is applied no other is proposed.
    private LogIndex _pendingMembership;

    // The end of the log when this node was elected; what it inherited may hold a change.
    private LogIndex _lastInherited;

    /// <summary>Proposes a change of the membership.</summary>
    /// <param name="change">The change.</param>
    /// <param name="id">The entry's id if accepted.</param>
    public ProposeStatus ProposeMembership(MembershipChange change, out EntryId id)
    {
        AssertInvariants();
        ProposeStatus status = MayChange(change);
        id = status is ProposeStatus.Accepted ? AppendMembership(change) : default;
        AssertInvariants();
        return status;
    }

    /// <summary>Takes a committed change into effect, when the driver applies its entry.</summary>
    /// <param name="entry">The entry, of kind <see cref="EntryKind.Membership"/>.</param>
    /// <returns>The membership in effect from now on.</returns>
    public Membership ApplyMembership(in Entry entry)
    {
        AssertInvariants();
        Invariant.Check(entry.Index <= _log.Committed, "A membership takes effect when it is committed.");
        // Handed out before a snapshot came that includes it: the snapshot's membership is the newer one.
        if (entry.Index <= _log.Base.Index)
            return _membership;
        // What does not fit is ignored, on all members alike, for they all have the same membership here.
        if (!MembershipChangeCodec.TryDecode(entry.Payload, out MembershipChange change) ||
            MembershipChanger.TryApply(_membership, change, entry.Index, out Membership next)
                is not MembershipError.None)
        {
            Report(RaftEventKind.MembershipIgnored, index: entry.Index);
            return _membership;
        }

        _previous = _membership.IsVoter(_id) && !next.IsVoter(_id) ? _membership : null;
        _membership = next;
        _returned = null;
        _tracker.Apply(next, _log.Last.Index, _tick);
        Report(RaftEventKind.MembershipApplied, index: entry.Index);
        if (_role is RaftRole.Leader)
            LeadNewMembership();
        AssertInvariants();
        return _membership;
    }

    /// <summary>Notes what the state machine has applied.</summary>
    public void OnApplied(LogIndex index)
    {
        AssertInvariants();
        _log.OnApplied(index);
        LeaveJointIfDue();
        if (_tracker.HasPromotable && _role is RaftRole.Leader)
        {
            foreach (Progress progress in _tracker.Members)
                PromoteIfCaughtUp(progress);
        }

        AssertInvariants();
    }

    private ProposeStatus MayChange(MembershipChange change)
    {
        ProposeStatus status = MayPropose(0);
        if (status is not ProposeStatus.Accepted)
            return status;
        if (_lastInherited > _log.Applied)
            return ProposeStatus.NotYetApplied;
        if (_pendingMembership > _log.Applied && !Mutants.TwoChangesPending)
            return ProposeStatus.MembershipPending;
        if (change.ExpectedVersion is { } expected && expected != _membership.Version)
            return ProposeStatus.VersionMismatch;
        if (_membership.IsJoint && !change.LeavesJoint)
            return ProposeStatus.MembershipPending;
        if (MembershipChanger.TryApply(_membership, change, _log.Last.Index.Next, out Membership next)
            is not MembershipError.None)
        {
            return ProposeStatus.Invalid;
        }

        return _options.RefuseQuorumLoss && !change.LeavesJoint ? MayTrust(next) : ProposeStatus.Accepted;
    }

    /// <summary>Refuses a membership that could not commit anything, or would soon not.</summary>
    private ProposeStatus MayTrust(Membership next)
    {
        foreach (NodeId id in next.Voters)
        {
            if (_tracker.Find(id) is { IsLearner: true } learner && !IsCaughtUp(learner))
                return ProposeStatus.LearnerBehind;
        }

        if (!HasHeir(next))
            return ProposeStatus.WouldLoseQuorum;
        bool sameVoters = next.Voters.SequenceEqual(_membership.Voters) && next.IsJoint == _membership.IsJoint;
        long since = _tick - _options.ElectionTicks - _options.HeartbeatTicks;
        return sameVoters || _tracker.WouldHaveQuorum(next, _id, since)
            ? ProposeStatus.Accepted
            : ProposeStatus.WouldLoseQuorum;
    }

    /// <summary>Tells whether somebody is left who may lead and lacks nothing.</summary>
    /// <remarks>
    /// A witness may hold the last copy of what is committed and cannot lead to hand it on. So who could have done so
    /// is not removed before another can; that others fall behind afterwards is the risk of having witnesses.
    /// </remarks>
    private bool HasHeir(Membership next)
    {
        foreach (NodeId id in next.Voters)
        {
            if (id == _id || (_tracker.Find(id) is { IsWitness: false } heir && IsCaughtUp(heir)))
                return true;
        }

        return false;
    }

    private EntryId AppendMembership(MembershipChange change)
    {
        EntryId id = new(_term, _log.Last.Index.Next);
        _pendingMembership = id.Index;
        AppendAsLeader(new Entry(id, EntryKind.Membership, MembershipChangeCodec.Encode(change)));
        BroadcastAppend();
        return id;
    }

    private void LeadNewMembership()
    {
        if (_options.StepDownOnRemoval && !_options.LingerAfterRemoval && IsRemoved())
        {
            Report(RaftEventKind.LeaderRemoved, index: _membership.Version);
            BecomeFollower(_term, default);
            return;
        }

        // Fewer voters may need fewer copies; new ones have to be asked where they stand.
        if (TryCommit())
        {
            OnCommitted();
            if (_role is not RaftRole.Leader)
                return;
            BroadcastAppend();
        }
        else
        {
            foreach (Progress progress in _tracker.Members)
            {
                if (progress.Id != _id)
                    SendAsFarAsPossible(progress);
            }
        }

        if (!_transferTarget.IsNone && !IsTransferable(_tracker.Find(_transferTarget)))
            AbortTransfer();
        // The promises that the lease rests on were those of the members before.
        _hasLease = false;
        ConfirmRounds();
        LeaveAfterRemoval();
    }

    /// <summary>Proposes to leave a joint membership, whoever entered it (Raft §6).</summary>
    private void LeaveJointIfDue()
    {
        if (Mutants.JointNeverLeft || _role is not RaftRole.Leader || !_membership.IsJoint || !_membership.AutoLeave)
            return;
        if (_pendingMembership > _log.Applied || MayPropose(0) is not ProposeStatus.Accepted)
            return;
        Report(RaftEventKind.LeavingJoint);
        AppendMembership(MembershipChange.LeaveJoint);
    }

    /// <summary>Proposes to promote a learner that asked for it and holds nearly all (thesis §4.2.1).</summary>
    private void PromoteIfCaughtUp(Progress learner)
    {
        if (!learner.IsLearner || !learner.PromoteWhenCaughtUp || !IsCaughtUp(learner))
            return;
        MembershipChange change = new()
        {
            Changes = [new MemberChange(MemberChangeKind.AddVoter, learner.Id)],
            ExpectedVersion = _membership.Version,
        };
        if (MayChange(change) is not ProposeStatus.Accepted)
            return;
        Report(RaftEventKind.LearnerPromoted, learner.Id, learner.Match);
        AppendMembership(change);
    }

    private bool IsCaughtUp(Progress learner) =>
        learner.State is ProgressState.Replicate && learner.Match >= learner.Session &&
        learner.Match + _options.PromoteLagEntries >= _log.Last.Index &&
        _tick - learner.HeardAt <= _options.ElectionTicks;

    /// <summary>Tells whether this node no longer votes, if it ever did.</summary>
    private bool IsRemoved() =>
        _returned is not null ||
        _tracker.Find(_id) is not { } self || (self.IsLearner && _options.StepDownOnRemoval);

    /// <summary>Ends the leadership of a node that is no longer a member (thesis §4.2.2).</summary>
    /// <remarks>
    /// Until then it leads the others without counting itself. It leaves when a quorum of them knows that the removal
    /// is committed: of two members, the one that stays could otherwise never find out alone.
    /// </remarks>
    private void LeaveAfterRemoval()
    {
        if (!_options.StepDownOnRemoval || _role is not RaftRole.Leader || !IsRemoved() ||
            _returned is not null)
        {
            return;
        }

        if (_log.Committed < _log.Last.Index || _tracker.KnownCommit() < _membership.Version)
            return;
        Progress? successor = null;
        foreach (Progress progress in _tracker.Members)
        {
            if (IsTransferable(progress) && progress.Match > (successor?.Match ?? default))
                successor = progress;
        }

        Report(RaftEventKind.LeaderRemoved, successor?.Id ?? default, _membership.Version);
        // The one who lacks nothing may campaign at once, so that nobody has to wait for a timeout.
        if (successor is not null && successor.Match == _log.Last.Index)
            _messages.Add(NewMessage(successor.Id, MessageKind.TimeoutNow));
        BecomeFollower(_term, default);
    }
}
