using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>Finds out that this member was removed: by what the others answer when it calls them.</summary>
/// <remarks>
/// Its own log does not tell it. A leader sends nothing to who is no member any more, and a member that has applied its
/// removal may still be needed by others that have not heard of it (see <c>RaftCore.Return</c>). So it goes on until a
/// quorum of the others refuses it as removed: each of them has applied the removal. A file then reminds it after a
/// restart, when the others may have forgotten. Thread-safe.
/// </remarks>
internal sealed class Removal(IFileSystem files, RaftOptions options)
{
    private const string FileName = "removed";

    private readonly HashSet<NodeId> _refusers = [];

    /// <summary>Refuses to start a member that knows it was removed.</summary>
    /// <exception cref="MemberRemovedException">It does.</exception>
    public static void ThrowIfKnown(IFileSystem files, RaftOptions options)
    {
        if (!options.ForceNewCluster && files.FileExists(Path.Combine(options.DataDirectory, FileName)))
            throw new MemberRemovedException(options.NodeId);
    }

    /// <summary>Notes that a peer lets this member in.</summary>
    public void OnAccepted(NodeId peer)
    {
        lock (_refusers)
            _refusers.Remove(peer);
    }

    /// <summary>Notes that a peer refuses this member because it was removed.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="membership">Who the members are, as far as this one knows.</param>
    /// <returns>True if that makes it certain.</returns>
    public bool OnRefused(NodeId peer, Membership membership)
    {
        NodeId[] others = [.. membership.Voters.Where(id => id != options.NodeId)];
        lock (_refusers)
        {
            _refusers.Add(peer);
            return others.Length > 0 && others.Count(_refusers.Contains) > others.Length / 2;
        }
    }

    /// <summary>Leaves word for the next start; that this fails changes nothing now.</summary>
    public void Remember()
    {
        try
        {
            using (IFile file = files.Open(Path.Combine(options.DataDirectory, FileName), FileAccessMode.CreateNew))
                file.Sync();
            files.SyncDirectory(options.DataDirectory);
        }
        catch (IOException)
        {
            // It is there already, or cannot be written: then the others tell it again.
        }
    }
}
