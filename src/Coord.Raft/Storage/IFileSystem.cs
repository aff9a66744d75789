namespace Coord.Raft.Storage;

/// <summary>All that the storage asks of the operating system: the seam that tests and the simulator replace.</summary>
/// <remarks>
/// Every failure is an <see cref="IOException"/>, a refused permission too. Names are durable apart from contents: what
/// creating, renaming or deleting did to a directory survives a power cut only after <see cref="SyncDirectory"/>, and
/// what a file holds only after <see cref="IFile.Sync"/>. Thread-safe; a file is not.
/// </remarks>
internal interface IFileSystem
{
    /// <summary>Opens or creates a file.</summary>
    /// <exception cref="FileNotFoundException">It does not exist, and the mode expects it.</exception>
    IFile Open(string path, FileAccessMode mode, SyncStrategy strategy = SyncStrategy.DataSync);

    /// <summary>Tells whether a file of this name exists.</summary>
    bool FileExists(string path);

    /// <summary>Tells whether a directory of this name exists.</summary>
    bool DirectoryExists(string path);

    /// <summary>Creates a directory and its parents, for the owner alone. Nothing happens if it exists.</summary>
    void CreateDirectory(string path);

    /// <summary>Returns the names (not paths) of the files in a directory, in ordinal order.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>Gives a file another name, in one step, replacing what has that name.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file's name. Whoever has it open can go on reading.</summary>
    void Delete(string path);

    /// <summary>Makes the names in a directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>Takes the exclusive lock of a file, creating it if needed, until the result is disposed.</summary>
    /// <returns>The lock, or null if somebody else holds it. It ends with the process that holds it.</returns>
    IDisposable? TryLock(string path);

    /// <summary>
    /// Says why others than the owner could change the files of a directory, or null if they cannot.
    /// </summary>
    string? DescribeUnsafePermissions(string directory);
}
