using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Coord.Raft.Storage;

/// <summary>The system calls that the runtime does not offer, or whose errors it hides.</summary>
/// <remarks>
/// The runtime's flush to disk returns normally when fsync fails with EIO (measured on 10.0.12), and a log built on it
/// acknowledges lost writes. It also knows neither fdatasync nor O_DSYNC, and cannot sync a directory.
/// </remarks>
[SupportedOSPlatform("linux")]
internal static partial class LinuxDisk
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int DataSyncWrites = 0x1000;

    private const int CloseOnExec = 0x80000;
    private const int OwnerOnly = 0x180; // rw------- (0600)
    private const int LockExclusively = 2;
    private const int LockWithoutWaiting = 4;
    private const int AtWorkingDirectory = -100;
    private const uint StatusOwner = 0x8;
    private const int StatusBytes = 256;
    private const int StatusOwnerOffset = 20;

    private const int NoSuchFile = 2;
    private const int Interrupted = 4;
    private const int WouldBlock = 11;

    /// <summary>Opens a file; it is created for its owner alone.</summary>
    public static SafeFileHandle Open(string path, int flags)
    {
        int descriptor;
        int error;
        do
        {
            descriptor = OpenFile(path, flags | CloseOnExec, OwnerOnly);
            error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (error == Interrupted);

        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failure("open", path, error);
    }

    /// <summary>Makes a file's bytes durable (fdatasync).</summary>
    public static void DataSync(SafeFileHandle file, string path) => Check(file, path, "fdatasync", full: false);

    /// <summary>Makes a file's bytes and all its metadata durable (fsync); for a directory, its names.</summary>
    public static void FullSync(SafeFileHandle file, string path) => Check(file, path, "fsync", full: true);

    /// <summary>Makes the names in a directory durable.</summary>
    public static void SyncDirectory(string path)
    {
        using SafeFileHandle directory = Open(path, ReadOnly);
        FullSync(directory, path);
    }

    /// <summary>Takes the exclusive lock of an open file; false if somebody else holds it.</summary>
    public static bool TryLock(SafeFileHandle file, string path)
    {
        int error;
        do
        {
            if (LockFile(file, LockExclusively | LockWithoutWaiting) == 0)
                return true;

            error = Marshal.GetLastPInvokeError();
        }
        while (error == Interrupted);

        return error == WouldBlock ? false : throw Failure("lock", path, error);
    }

    /// <summary>Returns the user id of the process, and that of a file's owner if the system tells it.</summary>
    public static unsafe (uint User, uint? Owner) OwnerOf(string path)
    {
        byte* status = stackalloc byte[StatusBytes];
        try
        {
            // statx, because its layout is the same on every processor; stat's is not.
            if (GetStatus(AtWorkingDirectory, path, 0, StatusOwner, status) != 0)
                return (EffectiveUser(), null);
        }
        catch (EntryPointNotFoundException)
        {
            return (EffectiveUser(), null);
        }

        ReadOnlySpan<byte> owner = new(status + StatusOwnerOffset, sizeof(uint));
        return (EffectiveUser(), BitConverter.ToUInt32(owner));
    }

    private static void Check(SafeFileHandle file, string path, string call, bool full)
    {
        int error;
        do
        {
            if ((full ? SyncAll(file) : SyncData(file)) == 0)
                return;

            error = Marshal.GetLastPInvokeError();
        }
        while (error == Interrupted); // Nothing failed: a signal came first. Any other error is final.

        throw Failure(call, path, error);
    }

    private static IOException Failure(string call, string path, int error)
    {
        string message = $"{call} of {path} failed: {new Win32Exception(error).Message} (errno {error}).";
        return error switch
        {
            NoSuchFile => new FileNotFoundException(message, path),
            _ => new IOException(message, error),
        };
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int SyncData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncAll(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int LockFile(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int GetStatus(int directory, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
