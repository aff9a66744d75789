using Coord.Raft;

namespace Coord.Transport;

/// <summary>The cluster that a node begins or joins.</summary>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="NodeId">The id of the node that asked.</param>
/// <param name="Members">Those who begin the cluster; empty if the node joins one, whose log knows them.</param>
/// <param name="JoinsExisting">Whether the node waits for the log of a running cluster.</param>
public sealed record BootstrapResult(
    ClusterId ClusterId, NodeId NodeId, IReadOnlyList<BootstrapMember> Members, bool JoinsExisting)
{
    /// <summary>Gets what a node shows to be let in as a learner later; empty if nobody is let in that way.</summary>
    /// <value>The hash of the discovery URL, by which members that found each other by it know a latecomer.</value>
    public ReadOnlyMemory<byte> Admission { get; init; }

    /// <summary>Tells a node what it is.</summary>
    /// <param name="options">The node's options; ids, members and whether it joins are overwritten.</param>
    public void ApplyTo(RaftOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.ClusterId = ClusterId;
        options.NodeId = NodeId;
        options.JoinExisting = JoinsExisting;
        options.InitialMembers.Clear();
        foreach (BootstrapMember member in Members.OrderBy(member => member.Id))
            options.InitialMembers.Add(new Member(member.Id, LogIndex.Zero, member.Address));
    }
}
