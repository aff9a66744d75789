using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>The return of a removed member that the others cannot do without yet (thesis §4.2.2).</summary>
/// <remarks>
/// A member may learn that its removal is committed while the others do not, and hold entries that they lack. They
/// then ask it for its vote, which it must refuse, and it is no longer in its own membership: nobody could ever win.
/// So it may campaign by the membership before, as if it had not heard of the commit yet. That is what any member
/// does that lags by one change, and safe for the same reason: the log holds no change after the removal, and quorums
/// of memberships that follow each other share a member. When it has committed in its term it takes up the removal
/// again, and leaves once the others know of it. In a cluster that works its pre-votes are refused.
/// </remarks>
internal sealed partial class RaftCore
{
    // The others come first: this is only for the case that they cannot help themselves.
    private const int ReturnDelay = 3;

    // Ticks without a leader. The election timeout would not do: the campaigns that fail here start it again.
    private int _silence;

    // The membership before the one in effect, if this node voted in that and no longer does.
    private Membership? _previous;

    // The same, while this node campaigns or leads by it.
    private Membership? _returned;

    /// <summary>
    /// Gets a value indicating whether the host should take no snapshot now: it would forget the membership before,
    /// by which this removed or demoted member may have to return after a restart.
    /// </summary>
    public bool DefersSnapshots => _previous is not null;

    private void ForgetPreviousIfKnown(LogIndex leaderCommit)
    {
        // Another leads and knows of the removal: nobody needs this member's return any more.
        if (_previous is not null && leaderCommit > _membership.Version)
            _previous = null;
    }

    private bool CanReturn()
    {
        if (_previous is null || _log.PendingSnapshot is not null)
            return false;
        if (!_previous.TryGetMember(_id, out Member self) || self.IsWitness)
            return false;
        return !_log.HasMembershipAfter(_membership.Version);
    }

    private bool ReturnIfRemoved()
    {
        if (_returned is null && IsPromotable())
            return false;
        Debug.Assert(_previous is not null, "Who may campaign is a member, or was until the last change.");
        _returned = _previous;
        _tracker.Apply(_previous!, _log.Last.Index, _tick);
        return true;
    }

    private void EndReturn()
    {
        if (_returned is null)
            return;
        _returned = null;
        _tracker.Apply(_membership, _log.Last.Index, _tick);
    }
}
