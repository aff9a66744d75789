namespace Coord.Raft.Driver;

/// <summary>A proposal on its way, and whom to tell: a caller here, or a member that forwarded it.</summary>
/// <remarks>Filled by the caller's thread before it is queued; after that only the owner loop touches it.</remarks>
internal sealed class PendingProposal(CompletionPool<PendingProposal> pool) : PooledCompletion<ProposalResult>
{
    /// <summary>Gets or sets what the entry will be.</summary>
    public EntryKind Kind { get; set; }

    /// <summary>Gets or sets the encoded bytes, in <see cref="Block"/>.</summary>
    public ReadOnlyMemory<byte> Payload { get; set; }

    /// <summary>Gets or sets the block that the payload holds a reference on, until the log takes that over.</summary>
    public EntryBlock? Block { get; set; }

    /// <summary>Gets or sets the term in which the leader appended it.</summary>
    public Term Term { get; set; }

    /// <summary>Gets or sets when it was made, in the node's monotonic nanoseconds.</summary>
    public long StartedAt { get; set; }

    /// <summary>Gets or sets when the node gives up waiting, in its monotonic nanoseconds.</summary>
    public long Deadline { get; set; }

    /// <summary>Gets or sets the member that forwarded it; none if the caller is here.</summary>
    public NodeId ForwardedBy { get; set; }

    /// <summary>Gets or sets the forwarding member's name for it, or ours while it is forwarded.</summary>
    public ulong Context { get; set; }

    /// <summary>Gets or sets the member it was forwarded to.</summary>
    public NodeId ForwardedTo { get; set; }

    /// <summary>Gets or sets where the room that it takes is given back; null if it takes none.</summary>
    public ProposalBudget? Budget { get; set; }

    /// <summary>Gets or sets how many bytes of room it takes.</summary>
    public int BudgetBytes { get; set; }

    /// <summary>Lets go of the payload if the log never took it.</summary>
    public void ReleasePayload()
    {
        Block?.Release();
        Block = null;
        Payload = default;
    }

    /// <inheritdoc/>
    protected override void OnLetGo()
    {
        Budget?.Return(BudgetBytes);
        Budget = null;
    }

    /// <inheritdoc/>
    protected override void ReturnToPool()
    {
        Block = null;
        Payload = default;
        ForwardedBy = default;
        ForwardedTo = default;
        pool.Return(this);
    }
}
