namespace Coord.Raft;

/// <summary>The member asked does not lead. Retry at <see cref="Leader"/>, or after a while if there is none.</summary>
public sealed class NotLeaderException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="leader">The leader, or none if it is not known.</param>
    public NotLeaderException(NodeId leader)
        : base(Describe(leader), Outcome.DidNotHappen) => Leader = leader;

    /// <summary>Gets the leader, or <see cref="NodeId.None"/> if it is not known.</summary>
    public NodeId Leader { get; }

    private static string Describe(NodeId leader) =>
        leader.IsNone ? "There is no known leader; try again shortly." : $"The leader is {leader}; ask it.";
}
