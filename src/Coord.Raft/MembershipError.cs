namespace Coord.Raft;

/// <summary>Why a change does not fit a membership.</summary>
internal enum MembershipError
{
    /// <summary>It does.</summary>
    None,

    /// <summary>Nobody would vote.</summary>
    NoVoters,

    /// <summary>Nobody would be left who can lead: all voters are witnesses.</summary>
    OnlyWitnesses,

    /// <summary>Two voters change at once without a joint membership (Raft §6).</summary>
    NeedsJoint,

    /// <summary>The membership is joint and must be left first.</summary>
    AlreadyJoint,

    /// <summary>The membership is not joint and cannot be left.</summary>
    NotJoint,

    /// <summary>A membership without voters cannot become joint.</summary>
    NoVotersToLeave,
}
