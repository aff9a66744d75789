namespace Coord.Raft.Storage;

/// <summary>The directory that holds all that a member must not forget: locked, and marked with whose it is.</summary>
internal sealed class DataDirectory : IDisposable
{
    /// <summary>Opens a member's directory, creating it if it does not exist.</summary>
    /// <param name="fileSystem">Where.</param>
    /// <param name="path">The directory.</param>
    /// <param name="clusterId">The cluster it must belong to.</param>
    /// <param name="nodeId">The member it must belong to.</param>
    /// <param name="newDirectoryId">Draws the random id of a new directory.</param>
    /// <exception cref="DataDirectoryException">It cannot be used; the message says what to do.</exception>
    public static DataDirectory Open(
        IFileSystem fileSystem, string path, ClusterId clusterId, NodeId nodeId, Func<Guid> newDirectoryId) =>
        throw new NotSupportedException();

    /// <summary>Gets the random id by which peers notice that a member returns with another directory.</summary>
    public Guid DirectoryId => throw new NotSupportedException();

    /// <summary>Gets a value indicating whether nothing has been stored here yet.</summary>
    public bool IsNew => throw new NotSupportedException();

    /// <summary>Gets the directory of the write-ahead log.</summary>
    public string LogPath => throw new NotSupportedException();

    /// <summary>Gets the directory of the snapshots.</summary>
    public string SnapshotPath => throw new NotSupportedException();

    /// <summary>
    /// Records that the log and the snapshots exist from now on, so that their absence is a loss. Call it once they
    /// have been opened; it does nothing if <see cref="IsNew"/> is false.
    /// </summary>
    public void CompleteInitialization() => throw new NotSupportedException();

    /// <summary>Releases the lock.</summary>
    public void Dispose() => throw new NotSupportedException();
}
