using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Coord.Raft;

namespace Coord.Shared;

/// <summary>The ids that follow from names and addresses, as etcd computes them.</summary>
/// <remarks>
/// Members must come to the same ids without talking to each other, so they are hashes: a member's of its sorted peer
/// URLs and the cluster's token (the whole URL, with a discovery service), the cluster's of its members' ids. A list
/// that differs on one member shows as another cluster id, and never as two clusters that believe to be one.
/// </remarks>
internal static class EtcdIds
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

    private static ulong Hash(byte[] bytes) =>
#pragma warning disable CA5350 // etcd's choice; it tells clusters apart and keeps nobody out
        BinaryPrimitives.ReadUInt64BigEndian(SHA1.HashData(bytes));
#pragma warning restore CA5350
}
