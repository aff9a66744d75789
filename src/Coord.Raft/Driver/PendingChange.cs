namespace Coord.Raft.Driver;

/// <summary>
/// A change of the membership on its way, and whom to tell: a caller here, or a member that forwarded it.
/// </summary>
/// <remarks>Only the owner loop touches it.</remarks>
internal sealed class PendingChange(MembershipTarget target, LogIndex expectedVersion)
{
    /// <summary>Gets what to complete once the membership is as wanted; null if another member waits.</summary>
    public TaskCompletionSource<Membership>? Done { get; init; }

    /// <summary>Gets the member that forwarded it; none if the caller is here.</summary>
    public NodeId ForwardedBy { get; init; }

    /// <summary>Gets or sets the forwarding member's name for it, or ours while it is forwarded.</summary>
    public ulong Context { get; set; }

    /// <summary>Gets or sets the member it was forwarded to.</summary>
    public NodeId ForwardedTo { get; set; }

    /// <summary>Gets the wanted membership.</summary>
    public MembershipTarget Target => target;

    /// <summary>Gets the version of the membership that the wanted one was made from.</summary>
    public LogIndex ExpectedVersion => expectedVersion;

    /// <summary>Gets or sets when to give up waiting, in the node's monotonic nanoseconds.</summary>
    public long Deadline { get; set; }

    /// <summary>Gets or sets until when silent members may be only not heard yet, in the same time.</summary>
    public long Patience { get; set; }

    /// <summary>Gets or sets a value indicating whether a first step was appended, so that it may yet happen.</summary>
    public bool Started { get; set; }
}
