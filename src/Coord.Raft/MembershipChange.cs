using System.Collections.Immutable;

namespace Coord.Raft;

/// <summary>
/// One step from a membership to another: the payload of an <see cref="EntryKind.Membership"/> entry.
/// </summary>
/// <remarks>
/// An automatic change of nothing leaves a joint membership. A change that is not automatic, or has more than one
/// part, goes through a joint membership (Raft §6). Its encoding is in <see cref="MembershipChangeCodec"/>.
/// </remarks>
internal sealed record MembershipChange
{
    /// <summary>Gets the change that leaves a joint membership.</summary>
    public static MembershipChange LeaveJoint { get; } = new();

    /// <summary>Gets the parts, applied in order.</summary>
    public ImmutableArray<MemberChange> Changes { get; init; } = [];

    /// <summary>Gets whether and how the change goes through a joint membership.</summary>
    public MembershipTransition Transition { get; init; }

    /// <summary>Gets the version that the change was made for, or null if any will do.</summary>
    public LogIndex? ExpectedVersion { get; init; }

    /// <summary>Gets a value indicating whether the change leaves a joint membership.</summary>
    public bool LeavesJoint => Transition is MembershipTransition.Auto && Changes.IsEmpty;

    /// <summary>Gets a value indicating whether the change enters a joint membership.</summary>
    public bool EntersJoint => Transition is not MembershipTransition.Auto || Changes.Length > 1;

    /// <summary>Gets a value indicating whether a joint membership that this enters is left by itself.</summary>
    public bool AutoLeave => Transition is not MembershipTransition.JointExplicit;

    /// <inheritdoc/>
    public bool Equals(MembershipChange? other) =>
        other is not null && Transition == other.Transition && ExpectedVersion == other.ExpectedVersion &&
        Changes.AsSpan().SequenceEqual(other.Changes.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Transition, ExpectedVersion, Changes.Length);

    /// <summary>Returns the short form that transcripts use, such as <c>v2 l3 r1</c>.</summary>
    public override string ToString() => string.Join(' ', Changes);
}
