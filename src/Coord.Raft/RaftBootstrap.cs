using System.Security.Cryptography;
using Coord.Raft.Driver;
using Coord.Raft.Storage;

namespace Coord.Raft;

/// <summary>Makes the directory of a member whose cluster begins with a given state, such as a backup.</summary>
/// <remarks>
/// A cluster begins with a snapshot at (term 1, index 1). Usually it is one of nothing; here it has a content. All
/// initial members must be given the same content, since none of them will ever compare it with the others'.
/// </remarks>
public static class RaftBootstrap
{
    private const string UnfinishedSuffix = ".unfinished";

    /// <summary>Creates the data directory of one initial member, for a node with the same options.</summary>
    /// <param name="options">
    /// What the node will be: its id, its cluster, its directory, and all initial members. The directory must not
    /// exist or be empty.
    /// </param>
    /// <param name="writeState">
    /// Writes the state, as a capture of the state machine would. Not called for a witness, which keeps none.
    /// </param>
    /// <exception cref="ArgumentException">An option is wrong, or the member is not an initial one.</exception>
    /// <exception cref="DataDirectoryException">The directory is in use; nothing was changed.</exception>
    /// <exception cref="IOException">
    /// A file operation failed. What was begun is beside the directory under another name, and is removed by the next
    /// attempt; a node can never start on it by mistake.
    /// </exception>
    public static void Create(RaftOptions options, Action<Stream> writeState)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(writeState);
        if (options.Validate() is { Count: > 0 } errors)
            throw new ArgumentException(string.Join(" ", errors), nameof(options));
        if (!options.InitialMembers.Any(member => member.Id == options.NodeId))
        {
            throw new ArgumentException(
                $"{options.NodeId} is not among the initial members, so it cannot begin the cluster.",
                nameof(options));
        }

        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.DataDirectory));
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new DataDirectoryException(
                $"{path} is not empty. Choose another directory: what is there would be lost.");
        }

        string unfinished = path + UnfinishedSuffix;
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        Fill(options, unfinished, writeState);
        if (Directory.Exists(path))
            Directory.Delete(path);
        Directory.Move(unfinished, path);
        if (Path.GetDirectoryName(path) is { } parent)
            PhysicalFileSystem.Instance.SyncDirectory(parent);
    }

    private static void Fill(RaftOptions options, string path, Action<Stream> writeState)
    {
        PhysicalFileSystem files = PhysicalFileSystem.Instance;
        if (Path.GetDirectoryName(path) is { } parent)
            files.CreateDirectory(parent);
        using DataDirectory directory = DataDirectory.Open(
            files, path, options.ClusterId, options.NodeId,
            static () => new Guid(RandomNumberGenerator.GetBytes(16)));
        SnapshotStore snapshots = SnapshotStore.Open(files, directory.SnapshotPath);
        using SnapshotWriter writer = snapshots.Create(Bootstrap.CreateSnapshot(options));
        StateCapture.WriteBeginning(writer);
        if (!options.IsWitness)
            writeState(writer);
        writer.Commit();

        // The directory stays one in the making: the node's first start adds the log, and completes it.
        files.SyncDirectory(path);
    }
}
