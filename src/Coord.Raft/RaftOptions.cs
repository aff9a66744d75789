namespace Coord.Raft;

/// <summary>What a node is and how it behaves. The defaults run; sizes and times are for a local network.</summary>
public sealed class RaftOptions
{
    /// <summary>Gets or sets this member's id.</summary>
    /// <value>Required, not zero.</value>
    /// <remarks>
    /// Never reuse the id of a member whose disk was lost: its votes would be forgotten. Take a new one.
    /// </remarks>
    public NodeId NodeId { get; set; }

    /// <summary>Gets or sets the cluster's id, equal on all members.</summary>
    /// <value>Required, not zero.</value>
    public ClusterId ClusterId { get; set; }

    /// <summary>Gets or sets where log and snapshots are kept.</summary>
    /// <value>Required. Created if absent; used by one process at a time.</value>
    public string DataDirectory { get; set; } = "";

    /// <summary>Gets the members of a new cluster; the same list on each of them. Ignored once there is data.</summary>
    /// <value>Empty by default, which is allowed only with <see cref="JoinExisting"/>.</value>
    public IList<Member> InitialMembers { get; } = [];

    /// <summary>
    /// Gets or sets a value indicating whether an empty directory waits to be added to a running cluster.
    /// </summary>
    /// <value>False by default: an empty directory starts as one of <see cref="InitialMembers"/>.</value>
    public bool JoinExisting { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether this member goes on alone with the data that it has: as the only member,
    /// whoever else there was.
    /// </summary>
    /// <value>False by default. Without data it changes nothing, and neither where the member is alone already.</value>
    /// <remarks>
    /// For a cluster that has lost its majority for good. All that is in this member's log counts as committed, so no
    /// acknowledged write that it holds is lost; what only the others had is. Give it a new <see cref="ClusterId"/>,
    /// which its directory belongs to from then on: with the former one the others, if they ever run again, could
    /// believe this member to be one of theirs and overwrite what it has written since.
    /// </remarks>
    public bool ForceNewCluster { get; set; }

    /// <summary>Gets or sets a value indicating whether this member only votes and keeps the log.</summary>
    /// <value>False by default. If true, its <see cref="Member"/> must say so too.</value>
    /// <remarks>
    /// A witness breaks ties at the price of a disk: its state machine is never called, and it never leads.
    /// </remarks>
    public bool IsWitness { get; set; }

    /// <summary>Gets or sets how often a leader shows that it is alive.</summary>
    /// <value>100 ms by default; from 1 ms to 10 s.</value>
    /// <remarks>About the round trip between members or more.</remarks>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Gets or sets the least time without a leader after which a member campaigns.</summary>
    /// <value>1 s by default; at least five heartbeats, at most 100 s.</value>
    /// <remarks>
    /// The actual time is drawn anew each time between this and its double, so that votes do not split.
    /// </remarks>
    public TimeSpan ElectionTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets how long a proposal or read waits for its result.</summary>
    /// <value>10 s by default; more than <see cref="ElectionTimeout"/>.</value>
    /// <remarks>When it is over a proposal that entered a log ends as unknown, any other as not done.</remarks>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets after how many applied entries a snapshot is taken.</summary>
    /// <value>100,000 by default; positive.</value>
    /// <remarks>Of a state above 16 MiB, a quarter of what is above has to have come in as well.</remarks>
    public long SnapshotEntries { get; set; } = 100_000;

    /// <summary>Gets or sets after how many bytes of applied entries a snapshot is taken.</summary>
    /// <value>64 MiB by default; positive.</value>
    /// <remarks>
    /// It also bounds the memory that the log takes: to about that, and with a large state to a quarter of the state,
    /// but at most four times this value. A quarter of it is what entries before a snapshot may take.
    /// </remarks>
    public long SnapshotBytes { get; set; } = 64L << 20;

    /// <summary>Gets or sets how many entries before a snapshot are kept for followers that lag a little.</summary>
    /// <value>5,000 by default; not negative. Large ones are fewer: see <see cref="SnapshotBytes"/>.</value>
    public int TrailingEntries { get; set; } = 5_000;

    /// <summary>Gets or sets the largest command.</summary>
    /// <value>2 MiB by default; from 1 KiB to 8 MiB. Larger ones are refused with an argument exception.</value>
    public int MaxCommandBytes { get; set; } = 2 << 20;

    /// <summary>Gets or sets how many proposals may wait at this member.</summary>
    /// <value>65,536 by default; positive. Beyond it they are refused as dropped, which is safe to retry.</value>
    public int MaxPendingProposals { get; set; } = 65_536;

    /// <summary>Gets or sets how many bytes of proposals may wait at this member.</summary>
    /// <value>
    /// 128 MiB by default; at least <see cref="MaxCommandBytes"/>. Beyond it they are refused as dropped.
    /// </value>
    public long MaxPendingBytes { get; set; } = 128L << 20;

    /// <summary>Gets or sets how many bytes of entries a leader may hold that no quorum has yet.</summary>
    /// <value>64 MiB by default; at least <see cref="MaxCommandBytes"/>. Beyond it proposals are refused.</value>
    public long MaxUncommittedBytes { get; set; } = 64L << 20;

    /// <summary>Gets or sets how many received messages may wait for the owner loop.</summary>
    /// <value>16,384 by default; positive. Beyond it they are dropped; Raft sends again.</value>
    public int MaxQueuedMessages { get; set; } = 16_384;

    /// <summary>Gets or sets a value indicating whether members ask before they campaign (thesis §9.6).</summary>
    /// <value>True by default.</value>
    public bool PreVote { get; set; } = true;

    /// <summary>Gets or sets a value indicating whether a leader without a quorum steps down (thesis §6.2).</summary>
    /// <value>True by default.</value>
    public bool CheckQuorum { get; set; } = true;

    /// <summary>
    /// Gets or sets a value indicating whether callers whose proposals were applied go on on the node's own threads.
    /// </summary>
    /// <value>False by default: they go on on the thread pool, and one that blocks harms only himself.</value>
    /// <remarks>
    /// It saves a single caller the waking of a thread, some ten microseconds. The node stands still meanwhile, so set
    /// it only if no code that awaits a proposal ever blocks: such as waiting for another one without awaiting it.
    /// </remarks>
    public bool ContinueInline { get; set; }

    /// <summary>Gets or sets a value indicating whether a leader serves reads by the clock (thesis §6.4.1).</summary>
    /// <value>False by default: a read costs a round of heartbeats and trusts no clock.</value>
    /// <remarks>Correct only while the clocks' rates differ by less than <see cref="LeaseDriftPercent"/>.</remarks>
    public bool LeaseReads { get; set; }

    /// <summary>Gets or sets the declared bound of the difference between two members' clock rates.</summary>
    /// <value>10 % by default; from 0 to 50.</value>
    public int LeaseDriftPercent { get; set; } = 10;

    /// <summary>Gets or sets how readily the member campaigns; those of a higher priority come first.</summary>
    /// <value>0 by default; from -8 to 8.</value>
    public int Priority { get; set; }

    /// <summary>Gets or sets how fast snapshots are sent to one member.</summary>
    /// <value>128 MiB/s by default; at least 64 KiB/s.</value>
    public long SnapshotSendBytesPerSecond { get; set; } = 128L << 20;

    /// <summary>Gets or sets how many client sessions are remembered.</summary>
    /// <value>10,000 by default; positive and equal on all members. The one unused for longest goes first.</value>
    public int MaxSessions { get; set; } = 10_000;

    /// <summary>Gets or sets the size of the log's segment files.</summary>
    /// <value>64 MiB by default; from 1 MiB to 1 GiB.</value>
    public int SegmentBytes { get; set; } = 64 << 20;

    /// <summary>Checks all values.</summary>
    /// <returns>What is wrong, a sentence each; empty if nothing is.</returns>
    public IReadOnlyList<string> Validate()
    {
        List<string> errors = [];
        Require(NodeId.Value != 0, "NodeId must not be zero.");
        Require(ClusterId.Value != 0, "ClusterId must not be zero.");
        Require(!string.IsNullOrWhiteSpace(DataDirectory), "DataDirectory must be given.");
        Require(HeartbeatInterval >= TimeSpan.FromMilliseconds(1), "HeartbeatInterval must be at least 1 ms.");
        Require(HeartbeatInterval <= TimeSpan.FromSeconds(10), "HeartbeatInterval must be at most 10 s.");
        Require(ElectionTimeout >= 5 * HeartbeatInterval, "ElectionTimeout must be at least five HeartbeatIntervals.");
        Require(ElectionTimeout <= TimeSpan.FromSeconds(100), "ElectionTimeout must be at most 100 s.");
        Require(RequestTimeout > ElectionTimeout, "RequestTimeout must be more than ElectionTimeout.");
        Require(SnapshotEntries > 0, "SnapshotEntries must be positive.");
        Require(SnapshotBytes > 0, "SnapshotBytes must be positive.");
        Require(TrailingEntries >= 0, "TrailingEntries must not be negative.");
        Require(MaxCommandBytes is >= 1024 and <= 8 << 20, "MaxCommandBytes must be from 1 KiB to 8 MiB.");
        Require(MaxPendingProposals > 0, "MaxPendingProposals must be positive.");
        Require(MaxPendingBytes >= MaxCommandBytes, "MaxPendingBytes must be at least MaxCommandBytes.");
        Require(MaxUncommittedBytes >= MaxCommandBytes, "MaxUncommittedBytes must be at least MaxCommandBytes.");
        Require(MaxQueuedMessages > 0, "MaxQueuedMessages must be positive.");
        Require(LeaseDriftPercent is >= 0 and <= 50, "LeaseDriftPercent must be from 0 to 50.");
        Require(!LeaseReads || CheckQuorum, "LeaseReads needs CheckQuorum.");
        Require(Priority is >= -8 and <= 8, "Priority must be from -8 to 8.");
        Require(SnapshotSendBytesPerSecond >= 64 << 10, "SnapshotSendBytesPerSecond must be at least 64 KiB.");
        Require(MaxSessions > 0, "MaxSessions must be positive.");
        Require(SegmentBytes is >= 1 << 20 and <= 1 << 30, "SegmentBytes must be from 1 MiB to 1 GiB.");
        Require(MaxCommandBytes <= SegmentBytes / 2, "SegmentBytes must be at least twice MaxCommandBytes.");
        ValidateMembers(errors);
        return errors;

        void Require(bool condition, string error)
        {
            if (!condition)
                errors.Add(error);
        }
    }

    private void ValidateMembers(List<string> errors)
    {
        if (InitialMembers.Count == 0 && !JoinExisting)
            errors.Add("InitialMembers must name this member, or JoinExisting be set.");
        if (InitialMembers.Count > 0 && !JoinExisting && InitialMembers.All(member => member.Id != NodeId))
            errors.Add($"InitialMembers must contain this member ({NodeId}).");
        if (InitialMembers.Select(member => member.Id).Distinct().Count() != InitialMembers.Count)
            errors.Add("InitialMembers must not name a member twice.");
        if (InitialMembers.Any(member => member.Id == NodeId && member.IsWitness != IsWitness))
            errors.Add("IsWitness must be what InitialMembers says of this member.");
        if (InitialMembers.Count > 0 && InitialMembers.All(member => member.IsWitness))
            errors.Add("InitialMembers must contain a member that is no witness, so that somebody can lead.");
        if (ForceNewCluster && IsWitness)
            errors.Add("ForceNewCluster needs a member that keeps the state; a witness keeps none.");
        if (InitialMembers.Any(member => member.Id.IsNone))
            errors.Add("InitialMembers must not contain the id zero.");
    }
}
