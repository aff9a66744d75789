using System.Collections.Concurrent;

namespace Coord.Raft.Storage;

/// <summary>A segment's file that waits to be the next.</summary>
internal sealed record PreparedSegment(IFile File, string Path, WalSegmentHeader Header);

/// <summary>Has the next segment ready before it is needed: zero-filled, or a purged one in its next life.</summary>
/// <remarks>
/// <see cref="Prepare"/> may run on another thread, beside everything the log does; nothing else of the log may.
/// A segment gets its name last: one that has its name also has its full size and a durable header.
/// </remarks>
internal sealed class WalSegmentAllocator : IDisposable
{
    /// <summary>The end of the names of unfinished files, which are removed when the log is opened.</summary>
    public const string TemporarySuffix = ".tmp";

    private readonly IFileSystem _fileSystem;
    private readonly string _directory;
    private readonly WalOptions _options;
    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<string> _recycled = new();
    private ulong _nextEpoch;
    private volatile PreparedSegment? _prepared;
    private bool _isDisposed;

    public WalSegmentAllocator(IFileSystem fileSystem, string directory, WalOptions options, ulong nextEpoch)
    {
        _fileSystem = fileSystem;
        _directory = directory;
        _options = options;
        _nextEpoch = nextEpoch;
    }

    /// <summary>Gets a value indicating whether the next segment is not there yet.</summary>
    public bool NeedsSegment => _prepared is null;

    /// <summary>Makes the next segment ready; does nothing if it is.</summary>
    /// <exception cref="IOException">
    /// The disk is full, or failed. Nothing is lost, and trying again is safe.
    /// </exception>
    public void Prepare()
    {
        lock (_lock)
        {
            if (_prepared is null && !_isDisposed)
                _prepared = Prepare_NeedsLock();
        }
    }

    /// <summary>Takes the next segment; prepares it first if nobody has.</summary>
    public PreparedSegment Take()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            PreparedSegment segment = _prepared ?? Prepare_NeedsLock();
            _prepared = null;
            _nextEpoch++;
            return segment;
        }
    }

    /// <summary>Adopts a segment that was prepared before a restart, unless another size is wanted now.</summary>
    /// <exception cref="LogCorruptedException">Its header is damaged.</exception>
    public void Adopt(string path)
    {
        IFile file = _fileSystem.Open(path, FileAccessMode.ReadWrite, _options.SyncStrategy);
        Span<byte> page = new byte[WalSegmentHeader.PageBytes];
        file.Read(page, 0);
        WalSegmentHeader? header = WalSegmentHeader.Read(page, path, out string problem);
        if (header is { } known && known.Epoch == _nextEpoch && known.SegmentBytes == _options.SegmentBytes)
        {
            _prepared = new PreparedSegment(file, path, known);
            return;
        }

        file.Dispose();
        if (header is null)
            throw new LogCorruptedException(path, 0, $"{problem}.");
    }

    /// <summary>Gives a segment up: its file is kept for a next life, or deleted. Durable when it returns.</summary>
    public void Retire(WalSegment segment)
    {
        if (_recycled.Count < _options.MaxRecycledSegments)
        {
            string temporary = $"{segment.Path}{TemporarySuffix}";
            _fileSystem.Rename(segment.Path, temporary);
            _recycled.Enqueue(temporary);
        }
        else
        {
            _fileSystem.Delete(segment.Path);
        }

        // One by one: were a later segment's removal durable before an earlier one's, a crash would leave a gap.
        _fileSystem.SyncDirectory(_directory);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _prepared?.File.Dispose();
            _prepared = null;
        }
    }

    private PreparedSegment Prepare_NeedsLock()
    {
        string path = Path.Combine(_directory, WalSegment.NameOf(_nextEpoch));
        string temporary = path + TemporarySuffix;
        IFile? file = null;
        try
        {
            file = OpenRecycled(ref temporary);
            bool isRecycled = file is not null;
            file ??= _fileSystem.Open(temporary, FileAccessMode.CreateNew, _options.SyncStrategy);
            WalSegmentHeader header = new(_options.DirectoryId, _nextEpoch, _options.SegmentBytes, isRecycled);
            Span<byte> page = new byte[WalSegmentHeader.PageBytes];
            header.Write(page);
            file.ZeroFill(_options.SegmentBytes);
            file.Write(page, 0);
            file.Sync();
            _fileSystem.Rename(temporary, path);
            if (!Mutants.SegmentNameUnsynced)
                _fileSystem.SyncDirectory(_directory);
            return new PreparedSegment(file, path, header);
        }
        catch (IOException)
        {
            file?.Dispose();
            TryDelete(temporary);
            TryDelete(path);
            throw;
        }
    }

    private IFile? OpenRecycled(ref string temporary)
    {
        while (_recycled.TryDequeue(out string? path))
        {
            IFile file = _fileSystem.Open(path, FileAccessMode.ReadWrite, _options.SyncStrategy);
            if (file.Length == _options.SegmentBytes)
            {
                temporary = path;
                return file;
            }

            file.Dispose();
            TryDelete(path);
        }

        return null;
    }

    // The segment cannot be had; a leftover costs space until the log is opened again, but must not hide the cause.
    private void TryDelete(string path)
    {
        try
        {
            if (_fileSystem.FileExists(path))
                _fileSystem.Delete(path);
        }
        catch (IOException)
        {
        }
    }
}
