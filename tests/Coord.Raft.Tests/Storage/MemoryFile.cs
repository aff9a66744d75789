using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>An open file of a <see cref="MemoryFileSystem"/>. It ends with the process that opened it.</summary>
internal sealed class MemoryFile(
    MemoryFileSystem fileSystem, MemoryInode inode, string path, FileAccessMode mode, SyncStrategy strategy, int boot)
    : IFile
{
    private bool _isDisposed;

    public long Length => inode.Length;

    public int Read(Span<byte> destination, long offset)
    {
        Begin(DiskCall.Read);
        return inode.Read(destination, offset);
    }

    public void Write(ReadOnlySpan<byte> source, long offset)
    {
        try
        {
            Begin(DiskCall.Write);
        }
        catch (IOException)
        {
            // A write that fails has often written a part.
            Put(source[..(source.Length / 2)], offset);
            throw;
        }

        Put(source, offset);
    }

    public void Sync()
    {
        try
        {
            Begin(DiskCall.Sync);
        }
        catch (IOException)
        {
            inode.FailSync();
            throw;
        }

        inode.Sync();
    }

    public void ZeroFill(long length)
    {
        Begin(DiskCall.ZeroFill);
        if (length <= Length)
            return;

        ThrowIfReadOnly();
        fileSystem.Allocate(length - Length);
        inode.ZeroFill(length);
        if (strategy is SyncStrategy.WriteThrough)
            inode.Sync();
    }

    public void Dispose() => _isDisposed = true;

    private void Put(ReadOnlySpan<byte> source, long offset)
    {
        ThrowIfReadOnly();
        fileSystem.Allocate(offset + source.Length - inode.Length);
        inode.Write(source, offset);
        if (strategy is SyncStrategy.WriteThrough)
            inode.Sync();
    }

    private void ThrowIfReadOnly()
    {
        if (mode is FileAccessMode.Read)
            throw new IOException($"{path} is open for reading.");
    }

    private void Begin(DiskCall call)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (boot != fileSystem.Boot)
            throw new PowerCutException();

        fileSystem.Count(call, path);
    }
}
