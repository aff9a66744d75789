namespace Coord.Raft.Storage;

/// <summary>A snapshot's file that is being received; it survives a restart.</summary>
/// <remarks>
/// After a restart the chunks that are there are checked, and what follows the last whole one is received again.
/// Used by one thread. Failures of the disk are <see cref="IOException"/>; trying again is safe.
/// </remarks>
internal sealed class SnapshotReceiver : IDisposable
{
    private const long SyncStepBytes = 8 * 1024 * 1024;

    private readonly SnapshotStore _store;
    private readonly EntryId _lastIncluded;
    private readonly string _path;
    private readonly long _totalBytes;
    private IFile? _file;
    private long _syncedOffset;

    internal SnapshotReceiver(
        SnapshotStore store, EntryId lastIncluded, string path, IFile file, long totalBytes, long offset)
    {
        _store = store;
        _lastIncluded = lastIncluded;
        _path = path;
        _file = file;
        _totalBytes = totalBytes;
        Offset = offset;
        _syncedOffset = offset;
    }

    /// <summary>Gets the position of the next byte that is wanted.</summary>
    public long Offset { get; private set; }

    /// <summary>Gets a value indicating whether all bytes are there.</summary>
    public bool IsComplete => Offset == _totalBytes;

    /// <summary>Takes bytes. What is there already is ignored.</summary>
    /// <returns>
    /// False if bytes are missing before these, or they lie beyond the announced size: ask again from
    /// <see cref="Offset"/>.
    /// </returns>
    public bool Write(long offset, ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_file is null, this);
        if (offset < 0 || offset > Offset || bytes.Length > _totalBytes - offset)
            return false;

        long known = Offset - offset;
        if (known >= bytes.Length)
            return true;

        bytes = bytes[(int)known..];
        _file.Write(bytes, Offset);
        Offset += bytes.Length;
        if (Offset - _syncedOffset >= SyncStepBytes)
        {
            Sync(_file);
            _syncedOffset = Offset;
        }

        return true;
    }

    /// <summary>Checks the whole file and publishes it.</summary>
    /// <returns>The snapshot's metadata.</returns>
    /// <exception cref="InvalidDataException">The bytes are damaged. They are gone; receive them again.</exception>
    public SnapshotMetadata Complete()
    {
        ObjectDisposedException.ThrowIf(_file is null, this);
        if (!IsComplete)
            throw new InvalidOperationException($"{Offset} of {_totalBytes} bytes are there.");

        Sync(_file);
        Dispose();
        SnapshotMetadata? snapshot = _store.Verify(_path, out _, out string? problem);
        if (snapshot is null || problem is not null || snapshot.LastIncluded != _lastIncluded)
        {
            _store.TryDelete(_path);
            throw new InvalidDataException($"The received snapshot {_lastIncluded} is damaged: {problem}");
        }

        _store.Publish(_path, snapshot);
        return snapshot;
    }

    // After a failed sync the kernel may show bytes that never reach the disk, and report the next sync as a success.
    private void Sync(IFile file)
    {
        try
        {
            file.Sync();
        }
        catch (IOException)
        {
            Dispose();
            _store.TryDelete(_path);
            throw;
        }
    }

    /// <summary>Closes the file; what was received stays for a later attempt.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }
}
