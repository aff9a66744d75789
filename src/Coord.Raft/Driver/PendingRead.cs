namespace Coord.Raft.Driver;

/// <summary>A caller that waits until this member has applied everything committed before its call.</summary>
internal sealed class PendingRead(CompletionPool<PendingRead> pool) : PooledCompletion<LogIndex>
{
    /// <summary>Gets or sets when the node gives up waiting, in its monotonic nanoseconds.</summary>
    public long Deadline { get; set; }

    /// <inheritdoc/>
    protected override void ReturnToPool() => pool.Return(this);
}
