using Coord.Raft;

namespace Coord.Kv;

/// <summary>The node of Coord.Raft, as the log of the embedded store.</summary>
internal sealed class RaftNodeLog(RaftNode node) : IReplicatedLog
{
    /// <inheritdoc/>
    public Task Completion => node.Completion;

    /// <inheritdoc/>
    public NodeId Member => node.Id;

    /// <inheritdoc/>
    public Term LeadingTerm => node.Status is { Role: RaftRole.Leader } status ? status.Term : default;

    /// <inheritdoc/>
    public bool HasLeader => !node.Status.Leader.IsNone;

    /// <inheritdoc/>
    public TimeSpan ElectionTimeout => node.ElectionTimeout;

    /// <inheritdoc/>
    public ValueTask<ProposalResult> ProposeAsync(
        ReadOnlyMemory<byte> command, SessionTicket ticket, CancellationToken cancellationToken) =>
        node.ProposeOnceAsync(command, ticket, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<LogIndex> ReadBarrierAsync(CancellationToken cancellationToken) =>
        node.ReadBarrierAsync(cancellationToken);
}
