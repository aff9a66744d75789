using System.Security.Cryptography;

namespace Coord.Kv.Backup;

/// <summary>Files that only this process reads, and that are gone when they are closed, whatever happens.</summary>
internal static class TemporaryFile
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Creates one, for the owner alone: it holds the store's content.</summary>
    public static FileStream Create(string directory)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = BufferBytes,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(Path.Combine(directory, $"coord-{RandomNumberGenerator.GetHexString(16)}.tmp"), options);
    }
}
