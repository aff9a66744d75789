namespace Coord.Raft.Core;

/// <summary>What became of a proposal. Unless accepted nothing happened and the caller keeps the payload.</summary>
internal enum ProposeStatus
{
    /// <summary>The entry is in the leader's log; whether it commits is not known yet.</summary>
    Accepted,

    /// <summary>This member does not lead, or was removed.</summary>
    NotLeader,

    /// <summary>Leadership is being handed over; the new leader takes proposals.</summary>
    LeadershipTransferring,

    /// <summary>Too many bytes are proposed and not committed.</summary>
    UncommittedLimit,

    /// <summary>Another membership change is not applied yet, or the membership is joint.</summary>
    MembershipPending,

    /// <summary>The leader has not applied all entries that its log held when it was elected.</summary>
    NotYetApplied,

    /// <summary>The membership is another than the caller expected.</summary>
    VersionMismatch,

    /// <summary>The new voters have no quorum that answers; the change would stop the cluster.</summary>
    WouldLoseQuorum,

    /// <summary>A learner is too far behind to be promoted.</summary>
    LearnerBehind,

    /// <summary>The change contradicts itself or the membership.</summary>
    Invalid,
}
