namespace Coord.Raft;

/// <summary>Whether a membership change goes through a joint membership. The values are on disk.</summary>
internal enum MembershipTransition : byte
{
    /// <summary>Joint if more than one part changes, and then left by itself.</summary>
    Auto = 0,

    /// <summary>Joint, and left by itself.</summary>
    JointImplicit = 1,

    /// <summary>Joint, until a change of nothing is proposed.</summary>
    JointExplicit = 2,
}
