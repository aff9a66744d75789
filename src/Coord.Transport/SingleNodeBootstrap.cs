using Coord.Transport.Discovery;

namespace Coord.Transport;

/// <summary>A cluster of this node alone; others can be added later.</summary>
/// <param name="token">Tells clusters apart that have the same addresses.</param>
public sealed class SingleNodeBootstrap(string token = "etcd-cluster") : IClusterBootstrap
{
    /// <inheritdoc/>
    public ValueTask<BootstrapResult> FindAsync(BootstrapNode self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        return ValueTask.FromResult(
            ClusterIds.Resolve([new NamedUrls(self.Name, self.PeerUrls)], token, self, "The node"));
    }
}
