using System.Diagnostics.CodeAnalysis;

namespace Coord.Raft.Storage;

/// <summary>How a log is opened, created, and closed after a failure.</summary>
internal sealed partial class Wal
{
    private const int FirstRecordOffset = WalSegmentHeader.PageBytes;

    private Wal(
        WalOptions options, WalIndex index, WalSegmentAllocator allocator, WalMarkFile markFile, IFile file,
        string path, WalSegmentHeader header)
    {
        _options = options;
        _index = index;
        _allocator = allocator;
        _markFile = markFile;
        Enter(file, path, header);
    }

    /// <summary>Opens a log and reads what it holds.</summary>
    /// <param name="fileSystem">Where.</param>
    /// <param name="directory">The log's directory, which nothing else uses.</param>
    /// <param name="options">How it is kept.</param>
    /// <param name="arena">Where the payloads of the entries go.</param>
    /// <param name="recovery">What the log holds.</param>
    /// <exception cref="LogCorruptedException">Durable bytes are damaged or missing. Nothing was changed.</exception>
    /// <exception cref="DataDirectoryException">The log is gone although it was in use.</exception>
    /// <exception cref="StorageFailedException">A file operation failed.</exception>
    public static Wal Open(
        IFileSystem fileSystem, string directory, WalOptions options, EntryArena arena, out WalRecovery recovery)
    {
        if (options.SegmentBytes is < WalOptions.MinSegmentBytes or > WalOptions.MaxSegmentBytes
            || options.SegmentBytes % WalSegmentHeader.PageBytes != 0)
            throw new ArgumentException($"A segment cannot have {options.SegmentBytes} bytes.", nameof(options));

        try
        {
            if (options.CreateNew)
                Create(fileSystem, directory, options);

            List<(ulong Epoch, string Path)> files = ListSegments(fileSystem, directory);
            RemoveUnfinished(fileSystem, directory);
            WalMarkFile markFile = WalMarkFile.Open(fileSystem, directory, options.DirectoryId);
            try
            {
                FinishEarlierRewrite(fileSystem, directory, markFile, files);
                RequireNoGap(directory, files);
                return Open(fileSystem, directory, options, arena, files, markFile, out recovery);
            }
            catch
            {
                markFile.Dispose();
                throw;
            }
        }
        catch (IOException e)
        {
            throw new StorageFailedException($"The log in {directory} cannot be opened: {e.Message}", e);
        }
    }

    private static Wal Open(
        IFileSystem fileSystem, string directory, WalOptions options, EntryArena arena,
        List<(ulong Epoch, string Path)> files, WalMarkFile markFile, out WalRecovery recovery)
    {
        using WalOpener opener = new(fileSystem, options, markFile, arena, files);
        recovery = opener.Run();

        ulong epoch = opener.Header.Epoch;
        WalSegmentAllocator allocator = new(fileSystem, directory, options, epoch + 1);
        if (opener.Prepared.Any())
            allocator.Adopt(opener.Prepared.First().Path);

        IFile file = fileSystem.Open(opener.Path, FileAccessMode.ReadWrite, options.SyncStrategy);
        Wal wal = new(options, opener.Index, allocator, markFile, file, opener.Path, opener.Header);
        wal._checksum = opener.Checksum;
        wal._buffer.MoveTo(opener.End, opener.PageBeforeEnd);
        wal._durable = new WalMark(epoch, opener.End, opener.Checksum, opener.Index.Last, opener.Index.HardState)
        {
            Doubt = recovery.Doubt,
        };
        if (opener.IsUnstarted)
            wal.StageStart();

        wal.Sync();
        wal.SaveDurableMark();
        return wal;
    }

    // Only in a directory that has never been in use: what is there is a creation that a crash has interrupted.
    private static void Create(IFileSystem fileSystem, string directory, WalOptions options)
    {
        fileSystem.CreateDirectory(directory);
        foreach (string name in fileSystem.ListFiles(directory).Where(IsOurs))
            fileSystem.Delete(Path.Combine(directory, name));

        WalMarkFile.Create(fileSystem, directory, options.DirectoryId);
        using WalSegmentAllocator allocator = new(fileSystem, directory, options, nextEpoch: 1);
        PreparedSegment first = allocator.Take();
        using IFile file = first.File;
        byte[] page = new byte[FirstRecordOffset];
        WalRecord header = new()
        {
            Kind = WalRecordKind.Start,
            Flags = WalRecord.FirstOfGroup | WalRecord.LastOfGroup,
        };
        WalPlace place = new(1, WalPlace.SaltOf(options.DirectoryId, 1), FirstRecordOffset);
        Span<byte> state = stackalloc byte[WalReplay.StartPayloadBytes];
        state.Clear();
        WalRecord.Write(page.AsSpan(0, StartBytes), header, state, place);
        file.Write(page, FirstRecordOffset);
        file.Sync();
    }

    internal static List<(ulong Epoch, string Path)> ListSegments(IFileSystem fileSystem, string directory)
    {
        List<(ulong Epoch, string Path)> files = [];
        if (fileSystem.DirectoryExists(directory))
        {
            foreach (string name in fileSystem.ListFiles(directory))
            {
                if (WalSegment.TryParseName(name) is { } epoch)
                    files.Add((epoch, Path.Combine(directory, name)));
            }
        }

        if (files.Count == 0)
        {
            throw new DataDirectoryException(
                $"{directory} holds no log, although this member has had one. Restore the directory from where it "
                + "went, or remove the member from the cluster and add it again under a new id.");
        }

        // Names are hexadecimal with leading zeros: their order is that of the epochs.
        return files;
    }

    private static void RequireNoGap(string directory, List<(ulong Epoch, string Path)> files)
    {
        for (int i = 1; i < files.Count; i++)
        {
            if (files[i].Epoch != files[i - 1].Epoch + 1)
            {
                string missing = Path.Combine(directory, WalSegment.NameOf(files[i - 1].Epoch + 1));
                throw new LogCorruptedException(missing, 0, "it is missing. Restore it or replace the member.");
            }
        }
    }

    private static void RemoveUnfinished(IFileSystem fileSystem, string directory)
    {
        foreach (string name in fileSystem.ListFiles(directory))
        {
            if (name.EndsWith(WalSegmentAllocator.TemporarySuffix, StringComparison.Ordinal))
                fileSystem.Delete(Path.Combine(directory, name));
        }
    }

    private static bool IsOurs(string name) =>
        name.EndsWith(WalSegmentAllocator.TemporarySuffix, StringComparison.Ordinal)
        || name == WalMarkFile.Name
        || WalSegment.TryParseName(name) is not null;

    [MemberNotNull(nameof(_file), nameof(_path))]
    private void Enter(IFile file, string path, WalSegmentHeader header)
    {
        _file = file;
        _path = path;
        _epoch = header.Epoch;
        _salt = WalPlace.SaltOf(_options.DirectoryId, header.Epoch);
        _segmentBytes = header.SegmentBytes;
    }

    private StorageFailedException Fail(string what, string path, Exception cause)
    {
        _failure = cause;
        return new StorageFailedException(
            $"The {what} {path} failed, and the log is closed: {cause.Message} Repair the cause and restart the node.",
            cause);
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
            Throw(_failure);

        static void Throw(Exception failure) => throw new StorageFailedException(
            $"The log was closed after an earlier failure: {failure.Message} Restart the node.", failure);
    }
}
