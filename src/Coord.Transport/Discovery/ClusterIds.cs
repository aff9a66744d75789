using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Coord.Raft;

namespace Coord.Transport.Discovery;

/// <summary>The ids that follow from names and addresses, as etcd computes them.</summary>
/// <remarks>
/// Members must come to the same ids without talking to each other, so they are hashes: a member's of its sorted peer
/// URLs and the cluster's token (the whole URL, with a discovery service), the cluster's of its members' ids. A list
/// that differs on one member shows as another cluster id, and never as two clusters that believe to be one.
/// </remarks>
internal static class ClusterIds
{
    public static NodeId OfMember(IEnumerable<string> peerUrls, string token) =>
        new(Hash(Encoding.UTF8.GetBytes(string.Concat(peerUrls.Order(StringComparer.Ordinal)) + token)));

    public static ClusterId OfCluster(IEnumerable<NodeId> members)
    {
        NodeId[] sorted = [.. members.Order()];
        byte[] bytes = new byte[sorted.Length * sizeof(ulong)];
        for (int i = 0; i < sorted.Length; i++)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(i * sizeof(ulong)), sorted[i].Value);
        return new ClusterId(Hash(bytes));
    }

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
            [.. list.Select(entry => new BootstrapMember(OfMember(entry.PeerUrls, token), entry.Name, entry.PeerUrls))];
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

        return new BootstrapResult(OfCluster(members.Select(member => member.Id)), own.Id, members, false);
    }

    private static ulong Hash(byte[] bytes) =>
#pragma warning disable CA5350 // etcd's choice; it tells clusters apart and keeps nobody out
        BinaryPrimitives.ReadUInt64BigEndian(SHA1.HashData(bytes));
#pragma warning restore CA5350
}
