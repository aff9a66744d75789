namespace Coord.Raft.Driver;

/// <summary>A membership change that a caller waits for.</summary>
internal sealed class PendingChange(
    TaskCompletionSource<Membership> done, MembershipTarget target, long deadline, long patience)
{
    /// <summary>Gets what to complete once the membership is as wanted.</summary>
    public TaskCompletionSource<Membership> Done => done;

    /// <summary>Gets the wanted membership.</summary>
    public MembershipTarget Target => target;

    /// <summary>Gets when to give up waiting, in the node's monotonic nanoseconds.</summary>
    public long Deadline => deadline;

    /// <summary>Gets until when silent members may be only not heard yet, in the same time.</summary>
    public long Patience => patience;

    /// <summary>Gets or sets a value indicating whether a first step was appended, so that it may yet happen.</summary>
    public bool Started { get; set; }
}
