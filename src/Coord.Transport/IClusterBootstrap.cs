namespace Coord.Transport;

/// <summary>Finds out who makes up the cluster that a node begins or joins, before the node has any data.</summary>
/// <remarks>
/// All nodes of a new cluster must come to the same list, whatever order they start in. Use
/// <see cref="ClusterBootstrap.RunAsync"/>, which asks once and remembers the answer for good.
/// </remarks>
public interface IClusterBootstrap
{
    /// <summary>Finds the cluster.</summary>
    /// <param name="self">The node that asks.</param>
    /// <param name="cancellationToken">Gives up; what other nodes were told by then stays told.</param>
    /// <returns>The members, this node among them, or the cluster that this node was added to.</returns>
    /// <exception cref="BootstrapException">There is no such cluster for this node; the message says why.</exception>
    ValueTask<BootstrapResult> FindAsync(BootstrapNode self, CancellationToken cancellationToken);
}
