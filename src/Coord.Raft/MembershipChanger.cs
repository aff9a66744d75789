using System.Collections.Immutable;

namespace Coord.Raft;

/// <summary>Computes the membership after a change. Pure: the same on every member, whoever applies it.</summary>
internal static class MembershipChanger
{
    /// <summary>Applies a change.</summary>
    /// <param name="current">The membership before.</param>
    /// <param name="change">The change.</param>
    /// <param name="index">The index of the change's entry: the new version, and the session of new members.</param>
    /// <param name="next">The membership after, or <paramref name="current"/> if it does not fit.</param>
    /// <returns>Why it does not fit, or none.</returns>
    public static MembershipError TryApply(
        Membership current, MembershipChange change, LogIndex index, out Membership next)
    {
        next = current;
        MembershipError error;
        Draft draft = new(current, index);
        if (change.LeavesJoint)
        {
            if (!current.IsJoint)
                return MembershipError.NotJoint;
            draft.LeaveJoint();
            error = MembershipError.None;
        }
        else if (current.IsJoint)
        {
            error = MembershipError.AlreadyJoint;
        }
        else if (change.EntersJoint)
        {
            if (current.Voters.IsEmpty)
                return MembershipError.NoVotersToLeave;
            draft.EnterJoint(change.AutoLeave);
            error = draft.Apply(change.Changes.AsSpan());
        }
        else
        {
            error = Simple(draft, current, change.Changes.AsSpan());
        }

        if (error is MembershipError.None)
            next = draft.ToMembership();
        return error;
    }

    /// <summary>Applies parts without a joint membership; at most one voter may change (thesis §4.1).</summary>
    public static MembershipError TryApplySimple(
        Membership current, ReadOnlySpan<MemberChange> changes, LogIndex index, out Membership next)
    {
        next = current;
        if (current.IsJoint)
            return MembershipError.AlreadyJoint;
        Draft draft = new(current, index);
        MembershipError error = Simple(draft, current, changes);
        if (error is MembershipError.None)
            next = draft.ToMembership();
        return error;
    }

    private static MembershipError Simple(Draft draft, Membership current, ReadOnlySpan<MemberChange> changes)
    {
        MembershipError error = draft.Apply(changes);
        if (error is not MembershipError.None)
            return error;
        int added = draft.Voters.Count(id => current.Voters.BinarySearch(id) < 0);
        int removed = current.Voters.Count(id => !draft.Voters.Contains(id));
        return added + removed > 1 ? MembershipError.NeedsJoint : MembershipError.None;
    }

    /// <summary>A membership under construction.</summary>
    private sealed class Draft(Membership current, LogIndex index)
    {
        private readonly SortedSet<NodeId> _learners = [.. current.Learners];
        private readonly SortedSet<NodeId> _learnersNext = [.. current.LearnersNext];
        private readonly SortedDictionary<NodeId, Member> _members =
            new(current.Members.ToDictionary(member => member.Id));

        private SortedSet<NodeId> _outgoing = [.. current.VotersOutgoing];
        private bool _autoLeave = current.AutoLeave;

        public SortedSet<NodeId> Voters { get; } = [.. current.Voters];

        public void EnterJoint(bool autoLeave)
        {
            _outgoing = [.. Voters];
            _autoLeave = autoLeave;
        }

        public void LeaveJoint()
        {
            _learners.UnionWith(_learnersNext);
            _learnersNext.Clear();
            _outgoing.Clear();
            _autoLeave = false;
            foreach (NodeId id in _members.Keys.Where(id => !Voters.Contains(id) && !_learners.Contains(id)).ToList())
                _members.Remove(id);
        }

        public MembershipError Apply(ReadOnlySpan<MemberChange> changes)
        {
            foreach (MemberChange change in changes)
            {
                if (!change.Id.IsNone)
                    Apply(change);
            }

            if (Voters.Count == 0)
                return MembershipError.NoVoters;
            return Voters.All(id => _members[id].IsWitness) ? MembershipError.OnlyWitnesses : MembershipError.None;
        }

        public Membership ToMembership() => new()
        {
            Voters = [.. Voters],
            VotersOutgoing = [.. _outgoing],
            Learners = [.. _learners],
            LearnersNext = [.. _learnersNext],
            AutoLeave = _autoLeave,
            Members = [.. _members.Values],
            Version = index,
        };

        private void Apply(in MemberChange change)
        {
            switch (change.Kind)
            {
                case MemberChangeKind.AddVoter:
                    Remember(change, promote: false);
                    _learners.Remove(change.Id);
                    _learnersNext.Remove(change.Id);
                    Voters.Add(change.Id);
                    break;
                case MemberChangeKind.AddLearner:
                    Remember(change, change.PromoteWhenCaughtUp);
                    Voters.Remove(change.Id);
                    // A voter of the outgoing half must go on voting there until the joint membership is left.
                    (_outgoing.Contains(change.Id) ? _learnersNext : _learners).Add(change.Id);
                    break;
                case MemberChangeKind.Remove:
                    Voters.Remove(change.Id);
                    _learners.Remove(change.Id);
                    _learnersNext.Remove(change.Id);
                    if (!_outgoing.Contains(change.Id))
                        _members.Remove(change.Id);
                    break;
                case MemberChangeKind.Update when _members.ContainsKey(change.Id):
                    Remember(change, _members[change.Id].PromoteWhenCaughtUp);
                    break;
            }
        }

        private void Remember(in MemberChange change, bool promote) =>
            _members[change.Id] = _members.TryGetValue(change.Id, out Member known)
                ? known with
                {
                    Address = change.Address.Length == 0 ? known.Address : change.Address,
                    PromoteWhenCaughtUp = promote,
                }
                : new Member(change.Id, index, change.Address, change.IsWitness, promote);
    }
}
