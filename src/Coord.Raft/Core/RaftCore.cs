namespace Coord.Raft.Core;

/// <summary>The Raft algorithm, and nothing else: messages and ticks go in, a <see cref="Ready"/> comes out.</summary>
internal sealed partial class RaftCore
{
    /// <summary>Creates a core that goes on from what storage recovered.</summary>
    public RaftCore(RaftCoreOptions options, in RaftCoreState state) => throw new NotSupportedException();

    /// <summary>Gets or sets the monotonic time in nanoseconds, set by the driver before each batch of inputs.</summary>
    public long Now { get; set; }

    public NodeId Id => throw new NotSupportedException();

    public RaftRole Role => throw new NotSupportedException();

    public NodeId Leader => throw new NotSupportedException();

    public Term Term => throw new NotSupportedException();

    public HardState HardState => throw new NotSupportedException();

    public Membership Membership => throw new NotSupportedException();

    public LogIndex FirstIndex => throw new NotSupportedException();

    public EntryId LastEntry => throw new NotSupportedException();

    public LogIndex CommitIndex => throw new NotSupportedException();

    public LogIndex AppliedIndex => throw new NotSupportedException();

    public RaftCoreStatus Status => throw new NotSupportedException();

    public bool HasReady => throw new NotSupportedException();

    public Ready TakeReady() => throw new NotSupportedException();

    public void Tick() => throw new NotSupportedException();

    public void Step(in Message message) => throw new NotSupportedException();

    public void Campaign() => throw new NotSupportedException();

    public void ForgetLeader() => throw new NotSupportedException();

    public ProposeStatus Propose(EntryKind kind, ReadOnlyMemory<byte> payload, EntryBlock? block, out EntryId id) =>
        throw new NotSupportedException();

    public ProposeStatus ProposeMembership(MembershipChange change, out EntryId id) =>
        throw new NotSupportedException();

    public Membership ApplyMembership(in Entry entry) => throw new NotSupportedException();

    public bool ReadIndex(ulong context) => throw new NotSupportedException();

    public void TransferLeadership(NodeId to) => throw new NotSupportedException();

    public void ReportUnreachable(NodeId member) => throw new NotSupportedException();

    public void ReportSnapshot(NodeId to, bool succeeded) => throw new NotSupportedException();

    public void OnAppended(in AppendAck ack) => throw new NotSupportedException();

    public void OnApplied(LogIndex index) => throw new NotSupportedException();

    public void OnSnapshotSaved(SnapshotMetadata snapshot) => throw new NotSupportedException();

    public void CompactTo(LogIndex index) => throw new NotSupportedException();
}
