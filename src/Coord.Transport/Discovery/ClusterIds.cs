using Coord.Shared;

namespace Coord.Transport.Discovery;

/// <summary>Makes a cluster of a list of its members, whose ids follow from it.</summary>
internal static class ClusterIds
{
    /// <summary>Turns a list into a cluster that one of its members begins.</summary>
    /// <param name="list">All members.</param>
    /// <param name="token">What tells this cluster from others of the same addresses.</param>
    /// <param name="self">The member that asks; it must be in the list.</param>
    /// <param name="source">What the list is called, to begin an error with.</param>
    /// <exception cref="BootstrapException">It is not in the list, or is there with other addresses.</exception>
    public static BootstrapResult Resolve(
        IReadOnlyList<NamedUrls> list, string token, BootstrapNode self, string source)
    {
        BootstrapMember[] members =
        [
            .. list.Select(entry =>
                new BootstrapMember(EtcdIds.OfMember(entry.PeerUrls, token), entry.Name, entry.PeerUrls)),
        ];
        BootstrapMember own = members.FirstOrDefault(member => member.Name == self.Name)
            ?? throw new BootstrapException(
                $"{source} has no member '{self.Name}', the name of this node. It has "
                + $"{string.Join(", ", members.Select(member => member.Name))}.");
        if (!own.PeerUrls.ToHashSet().SetEquals(self.PeerUrls))
        {
            throw new BootstrapException(
                $"{source} has {string.Join(',', own.PeerUrls)} for '{self.Name}', and this node is reached by "
                + $"{string.Join(',', self.PeerUrls)}. Make both the same.");
        }

        return new BootstrapResult(EtcdIds.OfCluster(members.Select(member => member.Id)), own.Id, members, false);
    }
}
