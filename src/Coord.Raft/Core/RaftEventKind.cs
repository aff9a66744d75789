namespace Coord.Raft.Core;

/// <summary>What happened inside the core.</summary>
internal enum RaftEventKind : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The node became a follower; the peer is the leader, if known.</summary>
    BecameFollower,

    /// <summary>The node asks whether it could win an election.</summary>
    BecamePreCandidate,

    /// <summary>The node asks for votes.</summary>
    BecameCandidate,

    /// <summary>The node leads the term.</summary>
    BecameLeader,

    /// <summary>A follower learned who leads.</summary>
    LeaderKnown,

    /// <summary>A vote or pre-vote was granted to the peer.</summary>
    VoteGranted,

    /// <summary>A vote or pre-vote was refused to the peer: it is behind, or another has the vote.</summary>
    VoteRefused,

    /// <summary>A vote request was ignored because a leader is heard.</summary>
    VoteIgnored,

    /// <summary>The election timeout passed but the node may not campaign.</summary>
    CampaignRefused,

    /// <summary>A leader steps down because no quorum answers.</summary>
    QuorumLost,

    /// <summary>A leader that is no longer a member steps down.</summary>
    LeaderRemoved,

    /// <summary>Entries after the index were cut, because they conflict with the leader's (Raft §5.3).</summary>
    LogTruncated,

    /// <summary>The peer refused an append; the value is where it is tried next.</summary>
    AppendRefused,

    /// <summary>The peer needs a snapshot; the index is the snapshot's.</summary>
    SnapshotNeeded,

    /// <summary>The peer's snapshot ended; the value is 1 if it succeeded.</summary>
    SnapshotReported,

    /// <summary>The node takes the leader's snapshot as its log.</summary>
    SnapshotRestored,

    /// <summary>A membership took effect.</summary>
    MembershipApplied,

    /// <summary>A committed membership entry could not be read or does not fit; it is ignored everywhere.</summary>
    MembershipIgnored,

    /// <summary>The leader proposes to promote the peer, a learner that caught up.</summary>
    LearnerPromoted,

    /// <summary>The leader proposes to leave the joint membership.</summary>
    LeavingJoint,

    /// <summary>The leader begins to hand over to the peer.</summary>
    TransferStarted,

    /// <summary>The handing over was given up.</summary>
    TransferAborted,

    /// <summary>The handing over was refused: the peer cannot lead, or is too far behind.</summary>
    TransferRefused,

    /// <summary>The peer may campaign now.</summary>
    TransferSent,

    /// <summary>A message was ignored; the value is its kind.</summary>
    MessageIgnored,

    /// <summary>A message was refused because it cannot be honest; the value is its kind.</summary>
    MessageRefused,

    /// <summary>The log holds again all that the node may have acknowledged; the index is its end.</summary>
    DoubtEnded,

    /// <summary>The node asks for another leader, since the peer does not send again what was lost.</summary>
    LeaderDoubted,
}
