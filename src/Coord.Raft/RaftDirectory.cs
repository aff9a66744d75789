using Coord.Raft.Storage;

namespace Coord.Raft;

/// <summary>What can be said of a member's data directory without starting the member.</summary>
public static class RaftDirectory
{
    /// <summary>Reads whose directory it is: a member that returns need not be told again who it is.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="clusterId">The cluster that it belongs to.</param>
    /// <param name="nodeId">The member that it belongs to.</param>
    /// <returns>False if there is no directory yet, or it is nobody's.</returns>
    /// <exception cref="DataDirectoryException">It cannot be read; the message says what to do.</exception>
    public static bool TryReadIdentity(string path, out ClusterId clusterId, out NodeId nodeId)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            (ClusterId Cluster, NodeId Node)? identity = DataDirectory.Peek(PhysicalFileSystem.Instance, path);
            (clusterId, nodeId) = identity ?? default;
            return identity is not null;
        }
        catch (IOException exception)
        {
            throw new DataDirectoryException($"{path} cannot be read: {exception.Message}", exception);
        }
    }
}
