using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Coord.Kv;
using Coord.Raft;

namespace Coord.Process.Tests.Harness;

/// <summary>Fills the directories of a cluster that has not started yet from a backup.</summary>
internal static class RestoredCluster
{
    private const string Token = "etcd-cluster";

    public static void Restore(TestCluster cluster, string path, KeyValueRestoreOptions? options = null)
    {
        using KeyValueBackup backup = KeyValueBackup.Open(path);
        NodeId[] ids = [.. cluster.Members.Select(member => new NodeId(Hash(Utf8(member.PeerUrl + Token))))];
        foreach ((ClusterMember member, NodeId id) in cluster.Members.Zip(ids))
        {
            RaftOptions raft = new()
            {
                NodeId = id,
                ClusterId = new ClusterId(Hash([.. ids.Order().SelectMany(BigEndian)])),
                DataDirectory = member.DataDirectory,
            };
            foreach ((ClusterMember other, NodeId otherId) in cluster.Members.Zip(ids))
                raft.InitialMembers.Add(new(otherId, default, new Uri(other.PeerUrl).Authority));
            backup.Restore(raft, options);
        }
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] BigEndian(NodeId id)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, id.Value);
        return bytes;
    }

    /// <summary>What the host makes ids of, as etcd does.</summary>
    private static ulong Hash(byte[] bytes) =>
#pragma warning disable CA5350 // etcd's choice; it tells clusters apart and keeps nobody out
        BinaryPrimitives.ReadUInt64BigEndian(SHA1.HashData(bytes));
#pragma warning restore CA5350
}
