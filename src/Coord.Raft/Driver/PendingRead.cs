namespace Coord.Raft.Driver;

/// <summary>A caller that waits until this member has applied everything committed before its call.</summary>
internal sealed class PendingRead(CompletionPool<PendingRead> pool) : PooledCompletion<LogIndex>
{
    /// <summary>Gets or sets when the node gives up waiting, in its monotonic nanoseconds.</summary>
    public long Deadline { get; set; }

    /// <summary>Gets or sets where the room that it takes is given back; null if it takes none.</summary>
    public ProposalBudget? Budget { get; set; }

    /// <inheritdoc/>
    protected override void OnLetGo()
    {
        Budget?.Return(0);
        Budget = null;
    }

    /// <inheritdoc/>
    protected override void ReturnToPool() => pool.Return(this);
}
