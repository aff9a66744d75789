namespace Coord.Raft.Core;

/// <summary>Decisions that need a majority of two sets of voters (Raft §6).</summary>
internal static class JointQuorum
{
    /// <summary>Returns the highest value that both majorities have reached.</summary>
    public static long Reached(long incoming, long outgoing) => Math.Min(incoming, outgoing);

    /// <summary>Tells where an election stands: lost if either half is lost, won if both are won.</summary>
    public static VoteResult Vote(VoteResult incoming, VoteResult outgoing)
    {
        if (incoming == outgoing)
            return incoming;
        return incoming is VoteResult.Lost || outgoing is VoteResult.Lost ? VoteResult.Lost : VoteResult.Pending;
    }
}
