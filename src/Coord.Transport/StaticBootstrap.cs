using Coord.Transport.Discovery;

namespace Coord.Transport;

/// <summary>A cluster whose members are all known beforehand, as a list that is the same on each.</summary>
public sealed class StaticBootstrap : IClusterBootstrap
{
    private readonly string _members;
    private readonly string _token;

    /// <summary>Takes the list.</summary>
    /// <param name="members">
    /// Names and peer URLs, such as <c>n1=http://10.0.0.1:2380,n2=http://10.0.0.2:2380</c>.
    /// </param>
    /// <param name="token">Tells clusters apart that have the same addresses; the same on all members.</param>
    public StaticBootstrap(string members, string token = "etcd-cluster")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(members);
        ArgumentNullException.ThrowIfNull(token);
        (_members, _token) = (members, token);
    }

    /// <inheritdoc/>
    public ValueTask<BootstrapResult> FindAsync(BootstrapNode self, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        if (!MemberList.TryParse(_members, out List<NamedUrls> members, out string problem))
            throw new BootstrapException($"The list of members {problem}");

        return ValueTask.FromResult(ClusterIds.Resolve(members, _token, self, "The list of members"));
    }
}
