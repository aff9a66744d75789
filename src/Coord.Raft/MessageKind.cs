namespace Coord.Raft;

/// <summary>What a message asks or answers. The values are on the wire; new ones go at the end.</summary>
public enum MessageKind : byte
{
    /// <summary>Nothing: a default message is never sent.</summary>
    None = 0,

    /// <summary>AppendEntries (Raft §5.3).</summary>
    Append = 1,

    /// <summary>The answer to <see cref="Append"/> or <see cref="Snapshot"/>.</summary>
    AppendResponse = 2,

    /// <summary>RequestVote (Raft §5.2).</summary>
    Vote = 3,

    /// <summary>The answer to <see cref="Vote"/>.</summary>
    VoteResponse = 4,

    /// <summary>Asks whether a vote would be granted (thesis §9.6).</summary>
    PreVote = 5,

    /// <summary>The answer to <see cref="PreVote"/>.</summary>
    PreVoteResponse = 6,

    /// <summary>Keeps the followers following, and confirms reads.</summary>
    Heartbeat = 7,

    /// <summary>The answer to <see cref="Heartbeat"/>.</summary>
    HeartbeatResponse = 8,

    /// <summary>
    /// InstallSnapshot (Raft §7): the core's order to send one, and the receiver's news that one is there.
    /// </summary>
    Snapshot = 9,

    /// <summary>Tells the target of a leadership transfer to campaign at once (thesis §3.10).</summary>
    TimeoutNow = 10,

    /// <summary>A follower asks the leader for a read index (thesis §6.4).</summary>
    ReadIndex = 11,

    /// <summary>The answer to <see cref="ReadIndex"/>.</summary>
    ReadIndexResponse = 12,

    /// <summary>A follower asks the leader to hand its leadership to another.</summary>
    TransferLeader = 13,

    /// <summary>Host to host: a piece of a snapshot. The core never sees it.</summary>
    SnapshotChunk = 14,

    /// <summary>Host to host: how far a snapshot has arrived. The core never sees it.</summary>
    SnapshotChunkResponse = 15,

    /// <summary>Host to host: a proposal forwarded to the leader. The core never sees it.</summary>
    Forward = 16,

    /// <summary>Host to host: the result of a forwarded proposal. The core never sees it.</summary>
    ForwardResponse = 17,

    /// <summary>Host to host: a change of the membership for the leader to make. The core never sees it.</summary>
    ForwardChange = 18,

    /// <summary>Host to host: the result of a forwarded change. The core never sees it.</summary>
    ForwardChangeResponse = 19,

    /// <summary>
    /// Host to host: a member whose log is damaged asks for what was before an entry that it had. The core never
    /// sees it.
    /// </summary>
    Repair = 20,

    /// <summary>Host to host: the entries that were asked for. The core never sees it.</summary>
    RepairResponse = 21,
}
