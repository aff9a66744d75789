using System.Buffers.Binary;
using Coord.Shared;

namespace Coord.Raft.Storage;

/// <summary>The directory that holds all that a member must not forget: locked, and marked with whose it is.</summary>
/// <remarks>
/// <code>
/// lock         locked as long as a process uses the directory
/// identity     cluster, member, the directory's random id
/// log/         the write-ahead log
/// snapshots/   the snapshots
/// removed      there, and empty, if the member knows that it was removed from the cluster
/// </code>
/// The identity is written first, as that of a directory in the making, and again when log and snapshots exist. So a
/// crash on the first start is harmless, and files that are missing later are known to be lost: a member that forgot
/// its votes and acknowledgements must not come back as if it were new.
/// </remarks>
internal sealed class DataDirectory : IDisposable
{
    private const string LockName = "lock";
    private const string IdentityName = "identity";
    private const int IdentityBytes = 64;
    private const int ChecksumOffset = 60;
    private const uint FormatVersion = 1;
    private const string HowToReplace =
        "Restore the directory from where it went, or remove the member from the cluster and add it again "
        + "under a new id.";

    private readonly IFileSystem _fileSystem;
    private readonly string _path;
    private readonly ClusterId _clusterId;
    private readonly NodeId _nodeId;
    private readonly bool _beginsNewCluster;
    private readonly IDisposable _lock;

    private DataDirectory(
        IFileSystem fileSystem, string path, ClusterId clusterId, NodeId nodeId, bool beginsNewCluster,
        IDisposable @lock)
    {
        _beginsNewCluster = beginsNewCluster;
        _fileSystem = fileSystem;
        _path = path;
        _clusterId = clusterId;
        _nodeId = nodeId;
        _lock = @lock;
    }

    /// <summary>Gets the random id by which peers notice that a member returns with another directory.</summary>
    public Guid DirectoryId { get; private set; }

    /// <summary>Gets a value indicating whether nothing has been stored here yet.</summary>
    public bool IsNew { get; private set; }

    /// <summary>Gets the directory of the write-ahead log.</summary>
    public string LogPath => LogPathOf(_path);

    /// <summary>Gets the directory of the snapshots.</summary>
    public string SnapshotPath => SnapshotPathOf(_path);

    private static ReadOnlySpan<byte> Magic => "COORDDIR"u8;

    private string IdentityPath => Path.Combine(_path, IdentityName);

    /// <summary>Opens a member's directory, creating it if it does not exist.</summary>
    /// <param name="fileSystem">Where.</param>
    /// <param name="path">The directory.</param>
    /// <param name="clusterId">The cluster it must belong to.</param>
    /// <param name="nodeId">The member it must belong to.</param>
    /// <param name="newDirectoryId">Draws the random id of a new directory.</param>
    /// <param name="beginsNewCluster">Whether a member of another cluster leaves that, with its data, for this.</param>
    /// <exception cref="DataDirectoryException">It cannot be used; the message says what to do.</exception>
    public static DataDirectory Open(
        IFileSystem fileSystem, string path, ClusterId clusterId, NodeId nodeId, Func<Guid> newDirectoryId,
        bool beginsNewCluster = false)
    {
        ArgumentNullException.ThrowIfNull(newDirectoryId);
        try
        {
            CreateDurably(fileSystem, path);
            if (fileSystem.DescribeUnsafePermissions(path) is { } reason)
            {
                throw new DataDirectoryException(
                    $"{path} is not safe: {reason}, so others could change or forge the log. Let it belong to the "
                    + "user that runs the node, and take the write permission from all others (chmod o-w).");
            }

            IDisposable @lock = fileSystem.TryLock(Path.Combine(path, LockName))
                ?? throw new DataDirectoryException(
                    $"{path} is in use by another process. Stop that process, or give this node a directory of its "
                    + "own: two nodes that share one would destroy it.");
            DataDirectory directory = new(fileSystem, path, clusterId, nodeId, beginsNewCluster, @lock);
            try
            {
                directory.Identify(newDirectoryId);
                return directory;
            }
            catch
            {
                directory.Dispose();
                throw;
            }
        }
        catch (IOException e)
        {
            throw new DataDirectoryException(
                $"{path} cannot be used: {e.Message.TrimEnd('.')}. Give the node's user room and write access "
                + "there, or choose another directory.",
                e);
        }
    }

    /// <summary>
    /// Records that the log and the snapshots exist from now on, so that their absence is a loss. Call it once they
    /// have been opened; it does nothing if <see cref="IsNew"/> is false.
    /// </summary>
    /// <exception cref="DataDirectoryException">It could not be recorded.</exception>
    public void CompleteInitialization()
    {
        if (!IsNew)
            return;

        try
        {
            WriteIdentity(isComplete: true);
            IsNew = false;
        }
        catch (IOException e)
        {
            throw new DataDirectoryException($"{_path} could not be initialized: {e.Message} Try again.", e);
        }
    }

    /// <summary>Reads whose directory it is, without opening it; null if it is nobody's yet.</summary>
    /// <exception cref="DataDirectoryException">The identity is damaged, or of another version.</exception>
    public static (ClusterId Cluster, NodeId Node)? Peek(IFileSystem fileSystem, string path)
    {
        string identity = Path.Combine(path, IdentityName);
        if (!fileSystem.FileExists(identity))
            return null;

        return ReadIdentity(fileSystem, identity, stackalloc byte[IdentityBytes]);
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _lock.Dispose();

    private static string LogPathOf(string path) => Path.Combine(path, "log");

    private static string SnapshotPathOf(string path) => Path.Combine(path, "snapshots");

    private static void CreateDurably(IFileSystem fileSystem, string path)
    {
        if (fileSystem.DirectoryExists(path))
            return;

        fileSystem.CreateDirectory(path);
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } parent)
            fileSystem.SyncDirectory(parent);
    }

    private void Identify(Func<Guid> newDirectoryId)
    {
        if (_fileSystem.FileExists(IdentityPath))
        {
            ReadIdentity();
        }
        else
        {
            RefuseLeftovers();
            DirectoryId = newDirectoryId();
            IsNew = true;
            WriteIdentity(isComplete: false);
        }

        if (IsNew)
        {
            _fileSystem.CreateDirectory(LogPath);
            _fileSystem.CreateDirectory(SnapshotPath);
            _fileSystem.SyncDirectory(_path);
        }
        else if (!_fileSystem.DirectoryExists(LogPath) || !_fileSystem.DirectoryExists(SnapshotPath))
        {
            throw new DataDirectoryException(
                $"{_path} has an identity, but its log or snapshots are gone. {HowToReplace}");
        }
        else
        {
            // A process may have ended between a rename and the sync that makes it durable, with the sync's failure
            // even: what is there now will be built upon, so it must still be there after a power cut.
            foreach (string directory in new[] { SnapshotPath, LogPath, _path })
                _fileSystem.SyncDirectory(directory);
        }
    }

    private void RefuseLeftovers()
    {
        foreach (string directory in new[] { LogPath, SnapshotPath })
        {
            if (_fileSystem.DirectoryExists(directory) && _fileSystem.ListFiles(directory).Count > 0)
            {
                throw new DataDirectoryException(
                    $"{_path} holds a log but no identity, so nobody knows whose it is. {HowToReplace}");
            }
        }
    }

    private void ReadIdentity()
    {
        Span<byte> bytes = stackalloc byte[IdentityBytes];
        (ClusterId cluster, NodeId node) = ReadIdentity(_fileSystem, IdentityPath, bytes);
        if (cluster != _clusterId && !_beginsNewCluster)
        {
            throw new DataDirectoryException(
                $"{_path} belongs to cluster {cluster}, and this node to cluster {_clusterId}. Correct the cluster id "
                + "or choose another directory.");
        }

        if (node != _nodeId)
        {
            throw new DataDirectoryException(
                $"{_path} belongs to member {node}, and this node is {_nodeId}. Correct the node id or choose another "
                + "directory.");
        }

        DirectoryId = new Guid(bytes.Slice(32, 16));
        IsNew = bytes[48] == 0;

        // Before anything else changes: from here on no member of the former cluster talks to this one, nor it to them.
        if (cluster != _clusterId)
            WriteIdentity(isComplete: !IsNew);
    }

    private static (ClusterId Cluster, NodeId Node) ReadIdentity(
        IFileSystem fileSystem, string identityPath, Span<byte> bytes)
    {
        bytes.Clear();
        using (IFile file = fileSystem.Open(identityPath, FileAccessMode.Read))
            file.Read(bytes, 0);

        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChecksumOffset..]);
        if (!bytes[..Magic.Length].SequenceEqual(Magic) || checksum != Crc32C.Compute(bytes[..ChecksumOffset]))
            throw new DataDirectoryException($"{identityPath} is damaged. {HowToReplace}");

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version != FormatVersion)
        {
            throw new DataDirectoryException(
                $"{identityPath} has format version {version}, and this program reads {FormatVersion}. "
                + "Use the version of the program that wrote it.");
        }

        return (
            new ClusterId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..])),
            new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..])));
    }

    private void WriteIdentity(bool isComplete)
    {
        Span<byte> bytes = stackalloc byte[IdentityBytes];
        bytes.Clear();
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], FormatVersion);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], _clusterId.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], _nodeId.Value);
        DirectoryId.TryWriteBytes(bytes[32..]);
        bytes[48] = isComplete ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[ChecksumOffset..], Crc32C.Compute(bytes[..ChecksumOffset]));

        string temporary = IdentityPath + WalSegmentAllocator.TemporarySuffix;
        if (_fileSystem.FileExists(temporary))
            _fileSystem.Delete(temporary);

        using (IFile file = _fileSystem.Open(temporary, FileAccessMode.CreateNew))
        {
            file.Write(bytes, 0);
            file.Sync();
        }

        _fileSystem.Rename(temporary, IdentityPath);
        _fileSystem.SyncDirectory(_path);
    }
}
