using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>Finds out that this member was removed: by what the others answer when it calls them.</summary>
/// <remarks>
/// Its own log does not tell it. A leader sends nothing to who is no member any more, and a member that has applied its
/// removal may still be needed by others that have not heard of it (see <c>RaftCore.Return</c>). So it goes on until a
/// majority of the other voters refuses it as removed: each of them has applied the removal of a member with this
/// member's directory, which was then never added again. A file reminds it after a restart. Thread-safe.
/// </remarks>
internal sealed class Removal(IFileSystem files, RaftOptions options)
{
    private const string FileName = "removed";

    private readonly Lock _lock = new();
    private readonly HashSet<NodeId> _refusers = [];

    /// <summary>Refuses to start a member that knows it was removed.</summary>
    /// <exception cref="MemberRemovedException">It does.</exception>
    public static void ThrowIfKnown(IFileSystem files, RaftOptions options)
    {
        if (!options.ForceNewCluster && files.FileExists(PathOf(options)))
            throw new MemberRemovedException(options.NodeId);
    }

    /// <summary>Forgets what was known: the member goes on in a cluster of its own.</summary>
    /// <exception cref="IOException">The file could not be deleted.</exception>
    public static void Forget(IFileSystem files, RaftOptions options)
    {
        if (!files.FileExists(PathOf(options)))
            return;

        files.Delete(PathOf(options));
        files.SyncDirectory(options.DataDirectory);
    }

    /// <summary>Notes that a peer lets this member in.</summary>
    public void OnAccepted(NodeId peer)
    {
        lock (_lock)
            _refusers.Remove(peer);
    }

    /// <summary>Notes that a peer refuses this member because it was removed.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="membership">Who the members are, as far as this one knows.</param>
    /// <returns>True if that makes it certain.</returns>
    public bool OnRefused(NodeId peer, Membership membership)
    {
        NodeId[] others = [.. membership.Voters.Where(id => id != options.NodeId)];
        lock (_lock)
        {
            // Others than voters have no say, and are not remembered either.
            if (others.Contains(peer))
                _refusers.Add(peer);
            return others.Count(_refusers.Contains) > others.Length / 2;
        }
    }

    /// <summary>Leaves word for the next start; that this fails changes nothing now.</summary>
    public void Remember()
    {
        try
        {
            using (IFile file = files.Open(PathOf(options), FileAccessMode.CreateNew))
                file.Sync();
            files.SyncDirectory(options.DataDirectory);
        }
        catch (IOException)
        {
            // It is there already, or cannot be written: then the others tell it again.
        }
    }

    private static string PathOf(RaftOptions options) => Path.Combine(options.DataDirectory, FileName);
}
