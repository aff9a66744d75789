using Microsoft.Win32.SafeHandles;

namespace Coord.Raft.Storage;

/// <summary>The operating system's files. Stateless.</summary>
/// <remarks>
/// On Linux it makes its own system calls (<see cref="LinuxDisk"/>). Elsewhere every write goes through to the disk
/// (<see cref="FileOptions.WriteThrough"/>), because the runtime's flush hides errors; there, names become durable
/// when the file system pleases.
/// </remarks>
internal sealed class PhysicalFileSystem : IFileSystem
{
    /// <summary>Gets the only instance.</summary>
    public static PhysicalFileSystem Instance { get; } = new();

    private PhysicalFileSystem()
    {
    }

    /// <inheritdoc/>
    public IFile Open(string path, FileAccessMode mode, SyncStrategy strategy = SyncStrategy.DataSync)
    {
        if (OperatingSystem.IsLinux())
        {
            int flags = mode switch
            {
                FileAccessMode.Read => LinuxDisk.ReadOnly,
                FileAccessMode.ReadWrite => LinuxDisk.ReadWrite,
                _ => LinuxDisk.ReadWrite | LinuxDisk.Create | LinuxDisk.Exclusive,
            };
            if (strategy is SyncStrategy.WriteThrough && mode is not FileAccessMode.Read)
                flags |= LinuxDisk.DataSyncWrites;

            return new PhysicalFile(path, LinuxDisk.Open(path, flags), strategy);
        }

        SafeFileHandle handle = Try(() => File.OpenHandle(
            path,
            mode is FileAccessMode.CreateNew ? FileMode.CreateNew : FileMode.Open,
            mode is FileAccessMode.Read ? FileAccess.Read : FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete,
            mode is FileAccessMode.Read ? FileOptions.None : FileOptions.WriteThrough));
        return new PhysicalFile(path, handle, SyncStrategy.WriteThrough);
    }

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Try(() => OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(path)
            : Directory.CreateDirectory(path, Owner));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory)
    {
        string[] names = Try(() => Directory.GetFiles(directory));
        for (int i = 0; i < names.Length; i++)
            names[i] = Path.GetFileName(names[i]);

        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <inheritdoc/>
    public void Rename(string from, string to) => Try(() =>
    {
        File.Move(from, to, overwrite: true);
        return true;
    });

    /// <inheritdoc/>
    public void Delete(string path) => Try(() =>
    {
        File.Delete(path);
        return true;
    });

    /// <inheritdoc/>
    public void SyncDirectory(string path)
    {
        if (OperatingSystem.IsLinux())
            LinuxDisk.SyncDirectory(path);
    }

    /// <inheritdoc/>
    public IDisposable? TryLock(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            SafeFileHandle file = LinuxDisk.Open(path, LinuxDisk.ReadWrite | LinuxDisk.Create);
            if (LinuxDisk.TryLock(file, path))
                return file;

            file.Dispose();
            return null;
        }

        try
        {
            return Try(() => File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public string? DescribeUnsafePermissions(string directory)
    {
        if (OperatingSystem.IsWindows())
            return null;

        try
        {
            if (File.GetUnixFileMode(directory).HasFlag(UnixFileMode.OtherWrite))
                return "every user can write to it";
        }
        catch (UnauthorizedAccessException e)
        {
            return e.Message;
        }

        if (!OperatingSystem.IsLinux())
            return null;

        // Root can change anything anyway, so a directory of root's is as safe as one's own.
        (uint user, uint? owner) = LinuxDisk.OwnerOf(directory);
        return owner is null or 0 || owner == user ? null : $"it belongs to user {owner}, and this process is {user}";
    }

    // The runtime says it with another exception when a permission is missing; callers know one kind of failure.
    private static T Try<T>(Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
