namespace Coord.Kv.Leases;

/// <summary>One lease. Owned by the table; under the store's lock.</summary>
/// <remarks>
/// What commands decide is the same on every member: the first group. The second group is this member's clock.
/// </remarks>
internal sealed class Lease(long id, long grantedSeconds)
{
    public long Id { get; } = id;

    /// <summary>Gets how long it lives after a grant or keep-alive, in seconds.</summary>
    public long GrantedSeconds { get; } = grantedSeconds;

    /// <summary>
    /// Gets or sets how long it had left at its last grant, keep-alive or checkpoint, in seconds: what a member that
    /// starts goes by.
    /// </summary>
    public long RemainingSeconds { get; set; } = grantedSeconds;

    /// <summary>
    /// Gets or sets when it was granted or renewed last, on the table's own count. An expiry names it, so that a
    /// keep-alive that came first in the log wins.
    /// </summary>
    public long Stamp { get; set; }

    /// <summary>Gets or sets the keys; null as long as there are none.</summary>
    public HashSet<byte[]>? Keys { get; set; }

    /// <summary>Gets or sets when it ends by this member's clock, if nothing renews it.</summary>
    public long Deadline { get; set; }

    /// <summary>Gets or sets the place of its entry in the queue of deadlines; other entries of it are void.</summary>
    public long QueuedDeadline { get; set; }

    /// <summary>Gets or sets when its remaining time is to be written to the log, by this member's clock.</summary>
    public long CheckpointAt { get; set; }

    public bool IsGone { get; set; }
}
