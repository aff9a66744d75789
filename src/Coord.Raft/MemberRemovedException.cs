namespace Coord.Raft;

/// <summary>
/// The member was removed from its cluster for good: its node has stopped by itself, and does not start again.
/// </summary>
/// <remarks>
/// Its data directory is left as it is. Whoever wants the machine back in the cluster deletes the directory and adds a
/// new member; whoever wants the data alone starts the node with <see cref="RaftOptions.ForceNewCluster"/>.
/// </remarks>
public sealed class MemberRemovedException(NodeId member) : CoordException(
    $"{member}: the member has been permanently removed from the cluster. To come back, delete its data directory and "
    + "add it as a new member.", Outcome.DidNotHappen)
{
    /// <summary>Gets the member.</summary>
    public NodeId Member { get; } = member;
}
