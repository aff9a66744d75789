namespace Coord.Raft;

/// <summary>Why a change of the membership was refused, for programs. The values are on the wire.</summary>
public enum MembershipRefusal
{
    /// <summary>The change contradicts itself or the membership; trying it again changes nothing.</summary>
    Invalid = 0,

    /// <summary>Another change is under way; try again when it is done.</summary>
    Busy = 1,

    /// <summary>The membership has changed since it was read; read it again.</summary>
    Outdated = 2,

    /// <summary>The voters that would be left do not answer, or lag: it would stop the cluster.</summary>
    QuorumAtRisk = 3,
}
