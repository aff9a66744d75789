using System.Diagnostics;

namespace Coord.Raft.Storage;

/// <summary>Reads a segment into memory and walks over its records. Reused from one segment to the next.</summary>
internal sealed class WalSegmentReader(IFileSystem fileSystem, Guid directoryId) : IDisposable
{
    private const int StepBytes = 1024 * 1024;

    private readonly SegmentMemory _memory = new();
    private int _length;

    /// <summary>Gets the file.</summary>
    public string Path { get; private set; } = "";

    /// <summary>Gets the segment's header.</summary>
    public WalSegmentHeader Header { get; private set; }

    /// <summary>Gets the number of bytes that the file really has; the rest of the segment is read as zeros.</summary>
    public long FileBytes { get; private set; }

    /// <summary>
    /// Gets the number of bytes that the file lacks. A segment has its full size before it has its name, so somebody
    /// has cut it off, and what was there leaves no trace.
    /// </summary>
    public long MissingBytes { get; private set; }

    /// <summary>Gets the whole segment.</summary>
    public Span<byte> Segment => _memory.Span[.._length];

    private uint Salt => WalPlace.SaltOf(directoryId, Header.Epoch);

    private ulong Tag => new WalPlace(Header.Epoch, Salt, 0).Tag;

    /// <summary>Reads a segment.</summary>
    /// <exception cref="LogCorruptedException">
    /// Its header is damaged, or it is not the one that its name says.
    /// </exception>
    /// <exception cref="DataDirectoryException">Another version of the program wrote it.</exception>
    public void Load(string path, ulong epoch)
    {
        Path = path;
        using IFile file = fileSystem.Open(path, FileAccessMode.Read);
        FileBytes = file.Length;
        if (FileBytes > WalOptions.MaxSegmentBytes)
            throw new LogCorruptedException(path, WalOptions.MaxSegmentBytes, "it is larger than a segment can be.");

        Span<byte> page = stackalloc byte[WalSegmentHeader.PageBytes];
        page.Clear();
        ReadTwice(file, page, 0);
        WalSegmentHeader header = WalSegmentHeader.Read(page, path, out string problem)
            ?? throw new LogCorruptedException(path, 0, $"{problem}.");
        if (header.DirectoryId != directoryId)
            throw new LogCorruptedException(path, 16, $"it belongs to another data directory, {header.DirectoryId}.");
        if (header.Epoch != epoch)
            throw new LogCorruptedException(path, 32, $"it is segment {header.Epoch:x} under another name.");

        Header = header;
        _length = header.SegmentBytes;
        MissingBytes = Math.Max(0, _length - FileBytes);
        _memory.Reserve(_length);

        int present = (int)Math.Min(FileBytes, _length);
        Segment[present..].Clear();
        for (int offset = 0; offset < present; offset += StepBytes)
            ReadTwice(file, Segment[offset..Math.Min(offset + StepBytes, present)], offset);
    }

    /// <summary>Reads as much of a segment as can be read; the rest is zeros, and its header may be damaged.</summary>
    /// <exception cref="LogCorruptedException">It is intact and another directory's, or another segment.</exception>
    public void LoadDamaged(string path, ulong epoch)
    {
        Path = path;
        using IFile file = fileSystem.Open(path, FileAccessMode.Read);
        FileBytes = file.Length;
        _length = (int)Math.Min(FileBytes, WalOptions.MaxSegmentBytes) & -8;
        _memory.Reserve(_length);

        for (int offset = 0; offset < _length; offset += WalSegmentHeader.PageBytes)
        {
            Span<byte> page = Segment[offset..Math.Min(offset + WalSegmentHeader.PageBytes, _length)];
            try
            {
                ReadTwice(file, page, offset);
            }
            catch (LogCorruptedException)
            {
                page.Clear();
            }
        }

        WalSegmentHeader? header = WalSegmentHeader.Read(Segment, path, out _);
        if (header is { } known && (known.DirectoryId != directoryId || known.Epoch != epoch))
            throw new LogCorruptedException(path, 16, "it is another directory's, or another segment.");

        MissingBytes = header is { } whole ? Math.Max(0, whole.SegmentBytes - FileBytes) : 0;
        Header = new WalSegmentHeader(directoryId, epoch, _length, header?.IsRecycled ?? true);
    }

    /// <summary>Finds the next whole record at or behind an offset; -1 if there is none.</summary>
    public int FindWhole(int offset)
    {
        for (int i = Find(offset); i >= 0; i = Find(i + 8))
        {
            if (TryRead(i, out _))
                return i;
        }

        return -1;
    }

    /// <summary>Reads a part of the segment again: what was wrong once may be right on the second look.</summary>
    public void ReloadFrom(int offset)
    {
        using IFile file = fileSystem.Open(Path, FileAccessMode.Read);
        int present = (int)Math.Min(FileBytes, _length);
        int start = offset / WalSegmentHeader.PageBytes * WalSegmentHeader.PageBytes;
        if (start < present)
            ReadTwice(file, Segment[start..present], start);
    }

    /// <summary>Reads the record at an offset; false if there is none that is whole.</summary>
    public bool TryRead(int offset, out WalRecord record) =>
        WalRecord.TryRead(Segment, new WalPlace(Header.Epoch, Salt, offset), out record);

    /// <summary>Reads what a header at an offset claims, if it looks like one of this segment.</summary>
    public bool TryReadHeader(int offset, out WalRecord header) =>
        WalRecord.TryReadHeader(Segment, new WalPlace(Header.Epoch, Salt, offset), out header);

    /// <summary>
    /// Finds a whole record behind an offset that was written when the segment was known durable beyond a limit.
    /// </summary>
    public int FindProof(int offset, long durableBeyond)
    {
        for (int i = Find(offset); i >= 0; i = Find(i + 8))
        {
            if (TryRead(i, out WalRecord record) && record.DurableOffset > durableBeyond)
                return i;
        }

        return -1;
    }

    /// <summary>
    /// Returns how many bytes behind the last whole group an unfinished write, or damage, has left its traces in.
    /// </summary>
    public int MeasureTorn(int end)
    {
        if (MissingBytes > 0)
            return _length - end;

        // A recycled file has old bytes behind the records. The writer writes whole pages, so in the page where the
        // records end even there anything but zeros is a trace; beyond, only what names the present epoch is.
        int page = PageBehind(end);
        int limit = Header.IsRecycled ? Math.Min(_length, page) : _length;
        int torn = Segment[end..limit].LastIndexOfAnyExcept((byte)0) + 1;
        for (int i = Find(end); i >= 0; i = Find(i + 8))
        {
            if (TryReadHeader(i, out WalRecord header))
                torn = Math.Max(torn, i + header.Size - end);
        }

        // Pages that were damaged may name nothing any more. What is still of the file's former life was not written.
        if (Header.IsRecycled && (torn > 0 || end == page))
            torn = Math.Max(torn, EndOfUnknown(Math.Min(_length, PageBehind(end + torn))) - end);

        Debug.Assert(end + torn <= _length, "Traces are inside the segment.");
        return torn;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static int PageBehind(int offset) =>
        (offset + WalSegmentHeader.PageBytes - 1) & -WalSegmentHeader.PageBytes;

    /// <summary>
    /// Returns a page if there is a record of a former life in it, and else where the first one behind it begins.
    /// </summary>
    private int EndOfUnknown(int page)
    {
        for (int i = page; i <= _length - WalRecord.HeaderBytes; i += 8)
        {
            WalRecord.ReadTag(Segment[i..], out uint epoch, out uint salt);
            if (epoch > 0 && epoch < Header.Epoch && salt == WalPlace.SaltOf(directoryId, epoch))
                return i < page + WalSegmentHeader.PageBytes ? page : i;
        }

        return _length;
    }

    private int Find(int offset) => WalRecord.FindHeader(Segment, offset, Tag);

    private void ReadTwice(IFile file, Span<byte> destination, long offset)
    {
        try
        {
            file.Read(destination, offset);
        }
        catch (IOException)
        {
            try
            {
                file.Read(destination, offset);
            }
            catch (IOException e)
            {
                throw new LogCorruptedException(Path, offset, $"it cannot be read: {e.Message}");
            }
        }
    }
}
