using Microsoft.Win32.SafeHandles;

namespace Coord.Raft.Storage;

/// <summary>An open file of the operating system.</summary>
internal sealed class PhysicalFile(string path, SafeFileHandle handle, SyncStrategy strategy) : IFile
{
    private const int ZeroFillBytes = 1024 * 1024;

    // Zeros are synced in steps, so that a segment in preparation never makes the disk swallow 64 MiB in one gulp
    // while the log waits for its own sync.
    private const int ZeroFillSyncBytes = 8 * ZeroFillBytes;

    private static readonly byte[] Zeros = new byte[ZeroFillBytes];

    /// <inheritdoc/>
    public long Length => RandomAccess.GetLength(handle);

    /// <inheritdoc/>
    public int Read(Span<byte> destination, long offset)
    {
        int total = 0;
        while (total < destination.Length)
        {
            int read = ReadSome(destination[total..], offset + total);
            if (read == 0)
                break;

            total += read;
        }

        return total;
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> source, long offset)
    {
        try
        {
            RandomAccess.Write(handle, source, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure("write", offset, e);
        }
    }

    /// <inheritdoc/>
    public void Sync()
    {
        // Elsewhere the file was opened to write through. Never the runtime's flush: it hides errors.
        if (!OperatingSystem.IsLinux())
            return;

        switch (strategy)
        {
            case SyncStrategy.DataSync: LinuxDisk.DataSync(handle, path); break;
            case SyncStrategy.FullSync: LinuxDisk.FullSync(handle, path); break;
            default: break; // O_DSYNC: each write returned durable.
        }
    }

    /// <inheritdoc/>
    public void ZeroFill(long length)
    {
        long unsynced = 0;
        for (long offset = Length; offset < length;)
        {
            int step = (int)Math.Min(ZeroFillBytes - (offset % ZeroFillBytes), length - offset);
            Write(Zeros.AsSpan(0, step), offset);
            offset += step;
            unsynced += step;
            if (unsynced >= ZeroFillSyncBytes)
            {
                Sync();
                unsynced = 0;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    private int ReadSome(Span<byte> destination, long offset)
    {
        try
        {
            return RandomAccess.Read(handle, destination, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure("read", offset, e);
        }
    }

    // The runtime names neither the file nor the place in it, and says it with two kinds of exceptions.
    private IOException Failure(string call, long offset, Exception cause) =>
        new($"{call} of {path} at offset {offset} failed: {cause.Message.TrimEnd('.')}.", cause);
}
