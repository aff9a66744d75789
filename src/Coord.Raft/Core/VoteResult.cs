namespace Coord.Raft.Core;

/// <summary>Where an election stands.</summary>
internal enum VoteResult
{
    /// <summary>Open: it depends on those who have not answered.</summary>
    Pending,

    /// <summary>A quorum refused, or too few are left to reach one.</summary>
    Lost,

    /// <summary>A quorum granted.</summary>
    Won,
}
