using Coord.Raft;
using Coord.Transport.Discovery;

namespace Coord.Transport;

/// <summary>Runs a bootstrap once in the life of a data directory.</summary>
/// <remarks>
/// What was found is written into the directory before the node starts. So a node that crashes between registering
/// with the others and starting begins the same cluster, and one that has data asks nobody: the token, the records or
/// the list that it was once given no longer matter, and may be gone.
/// </remarks>
public static class ClusterBootstrap
{
    /// <summary>Returns what the directory knows, or else finds the cluster and writes that down.</summary>
    /// <param name="bootstrap">How to find it.</param>
    /// <param name="self">The node.</param>
    /// <param name="dataDirectory">The node's data directory. Created if a cluster was found.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BootstrapException">
    /// No cluster was found, or it could not be written down; the message says why.
    /// </exception>
    /// <exception cref="DataDirectoryException">The directory cannot be read; the message says what to do.</exception>
    public static async ValueTask<BootstrapResult> RunAsync(
        IClusterBootstrap bootstrap, BootstrapNode self, string dataDirectory,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(bootstrap);
        ArgumentNullException.ThrowIfNull(self);
        ArgumentException.ThrowIfNullOrWhiteSpace(dataDirectory);
        if (TryRead(dataDirectory) is { } known)
            return known;

        BootstrapResult found = await bootstrap.FindAsync(self, cancellationToken).ConfigureAwait(false);

        // Who joins finds itself in the running cluster again, perhaps under another id if it was added anew.
        if (!found.JoinsExisting)
            BootstrapRecord.Write(dataDirectory, found);
        return found;
    }

    /// <summary>Returns what a directory knows of its node and cluster; null if it knows nothing yet.</summary>
    /// <param name="dataDirectory">The directory.</param>
    /// <exception cref="BootstrapException">What was written down is damaged.</exception>
    /// <exception cref="DataDirectoryException">The directory cannot be read; the message says what to do.</exception>
    public static BootstrapResult? TryRead(string dataDirectory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dataDirectory);
        BootstrapResult? record = BootstrapRecord.TryRead(dataDirectory);
        if (!RaftDirectory.TryReadIdentity(dataDirectory, out ClusterId cluster, out NodeId node))
            return record;

        // The directory's own word counts. It has another one than the record once a cluster was begun anew from it.
        return record?.ClusterId == cluster && record.NodeId == node
            ? record
            : new BootstrapResult(cluster, node, [], JoinsExisting: true);
    }
}
