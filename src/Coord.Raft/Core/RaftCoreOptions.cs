namespace Coord.Raft.Core;

/// <summary>How one core behaves. Immutable; the driver derives it from <c>RaftOptions</c>.</summary>
internal sealed record RaftCoreOptions
{
    /// <summary>Gets the node's own id.</summary>
    public required NodeId Id { get; init; }

    /// <summary>Gets the seed of the core's only source of chance, the election timeouts.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Gets the ticks without a leader after which a follower may campaign (Raft §5.2).</summary>
    public int ElectionTicks { get; init; } = 10;

    /// <summary>Gets the ticks between heartbeats; much fewer than <see cref="ElectionTicks"/> (Raft §5.6).</summary>
    public int HeartbeatTicks { get; init; } = 1;

    /// <summary>Gets a value indicating whether a node asks whether it could win before it campaigns (§9.6).</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>
    /// Gets a value indicating whether a leader that a quorum does not answer steps down, and votes are refused while
    /// a leader is heard (thesis §6.2, §4.2.3).
    /// </summary>
    public bool CheckQuorum { get; init; } = true;

    /// <summary>Gets the payload bytes of one append message; one larger entry still travels, alone.</summary>
    public long MaxAppendBytes { get; init; } = 1024 * 1024;

    /// <summary>Gets the entries of one append message.</summary>
    public int MaxAppendEntries { get; init; } = 16 * 1024;

    /// <summary>Gets the append messages in flight to one member.</summary>
    public int MaxInflightAppends { get; init; } = 256;

    /// <summary>Gets the payload bytes in flight to one member; zero is no limit.</summary>
    public long MaxInflightBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Gets the payload bytes proposed and not committed; beyond, proposals are refused.</summary>
    public long MaxUncommittedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Gets the payload bytes of committed entries in one <see cref="Ready"/>; at least one entry.</summary>
    public long MaxCommittedBytesPerReady { get; init; } = 16 * 1024 * 1024;

    /// <summary>Gets the reads that wait for their confirmation; beyond, reads are refused.</summary>
    public int MaxPendingReads { get; init; } = 16 * 1024;

    /// <summary>
    /// Gets a value indicating whether a leader answers reads by its lease where it can (thesis §6.4.1). Needs
    /// <see cref="CheckQuorum"/>, <see cref="TickNanoseconds"/> and clocks within <see cref="LeaseDriftPercent"/>.
    /// The same on every member.
    /// </summary>
    public bool LeaseReads { get; init; }

    /// <summary>Gets the declared bound on how much faster one member's clock runs than another's.</summary>
    public int LeaseDriftPercent { get; init; } = 10;

    /// <summary>Gets the length of a tick, by which a lease is measured.</summary>
    public long TickNanoseconds { get; init; } = 100_000_000;

    /// <summary>
    /// Gets the wish to lead: above zero campaigns early in the random window, below zero after it. -8 to 8.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>
    /// Gets a value indicating whether each step sends its appends by itself. Otherwise they wait for
    /// <see cref="RaftCore.TakeReady"/>, so that entries proposed together travel together.
    /// </summary>
    public bool EagerReplication { get; init; }

    /// <summary>
    /// Gets a value indicating whether a new commit index is sent at once if no entries carry it. Otherwise followers
    /// learn of it by the next append or heartbeat.
    /// </summary>
    public bool EagerCommitPropagation { get; init; } = true;

    /// <summary>
    /// Gets a value indicating whether a follower answers an append that brings it a newer commit index and nothing
    /// else. The leader needs no such answer: it knows already what the follower holds.
    /// </summary>
    public bool AnswersCommitNews { get; init; }

    /// <summary>Gets a value indicating whether a leader that is removed steps down (thesis §4.2.2).</summary>
    public bool StepDownOnRemoval { get; init; } = true;

    /// <summary>
    /// Gets a value indicating whether a removed leader that steps down does so only when the others know of the
    /// removal, so that nobody has to find out without it.
    /// </summary>
    public bool LingerAfterRemoval { get; init; } = true;

    /// <summary>Gets a value indicating whether a change is refused whose voters have no live quorum.</summary>
    public bool RefuseQuorumLoss { get; init; } = true;

    /// <summary>
    /// Gets how many entries a learner may lack and count as caught up. More than what is usually in flight, or a busy
    /// cluster never promotes anybody.
    /// </summary>
    public int PromoteLagEntries { get; init; } = 8192;

    /// <summary>Gets how many entries the target of a transfer may lack when it starts.</summary>
    public int MaxTransferLagEntries { get; init; } = 65_536;
}
