using System.Diagnostics;

namespace Coord.Raft.Storage;

/// <summary>The records that are staged for the current segment, in whole pages of the file.</summary>
/// <remarks>
/// <para>
/// Every write starts and ends at a page: the page that the last write ended in is written again in full, unchanged
/// where it was written before. So the kernel never has to read a page of a recycled segment in order to change a
/// part of it, and behind the last record there are zeros up to the page's end.
/// </para>
/// <para>
/// One array, pinned and aligned to a page, reused for ever; it grows to the largest batch that was staged.
/// </para>
/// </remarks>
internal sealed class WalBuffer
{
    private const int Page = WalSegmentHeader.PageBytes;
    private const int InitialBytes = 64 * Page;

    private byte[] _array;
    private int _origin;
    private int _fileStart;
    private int _staged;
    private int _written;

    public WalBuffer() => _array = AllocateAligned(InitialBytes, out _origin);

    /// <summary>Gets the file offset behind the last staged byte.</summary>
    public int End => _fileStart + _staged;

    /// <summary>Gets the file offset behind the last written byte.</summary>
    public int WrittenEnd => _fileStart + _written;

    /// <summary>Gets the number of bytes that wait to be written.</summary>
    public int PendingBytes => _staged - _written;

    /// <summary>Gets the file offset where <see cref="PendingPages"/> go.</summary>
    public int PendingOffset => _fileStart;

    /// <summary>Gets the whole pages to write.</summary>
    public ReadOnlySpan<byte> PendingPages => _array.AsSpan(_origin, RoundUp(_staged));

    /// <summary>Moves to an offset of a file, of whose page the bytes before it are known.</summary>
    public void MoveTo(int offset, ReadOnlySpan<byte> pageBefore)
    {
        _fileStart = offset / Page * Page;
        _staged = offset - _fileStart;
        _written = _staged;
        Debug.Assert(pageBefore.Length == _staged, "The page's earlier bytes are written again.");
        Clear();
        pageBefore.CopyTo(_array.AsSpan(_origin));
    }

    /// <summary>Returns room for one record.</summary>
    public Span<byte> Reserve(int bytes)
    {
        int end = _staged + bytes;
        if (RoundUp(end) > _array.Length - _origin)
            Grow(RoundUp(end));

        Span<byte> room = _array.AsSpan(_origin + _staged, bytes);
        _staged = end;
        return room;
    }

    /// <summary>Takes note that the pending pages are in the file.</summary>
    public void MarkWritten()
    {
        int kept = _staged % Page;
        int full = _staged - kept;
        Span<byte> pages = _array.AsSpan(_origin);
        pages.Slice(full, kept).CopyTo(pages);
        // What is behind the end of a page that will be written again must be zeros then, too.
        pages[kept..Math.Max(Page, RoundUp(_staged))].Clear();
        _fileStart += full;
        _staged = kept;
        _written = kept;
    }

    private void Clear() => _array.AsSpan(_origin).Clear();

    private void Grow(int bytes)
    {
        byte[] larger = AllocateAligned(Math.Max(bytes, checked(2 * (_array.Length - _origin))), out int origin);
        _array.AsSpan(_origin, _staged).CopyTo(larger.AsSpan(origin));
        _array = larger;
        _origin = origin;
    }

    private static int RoundUp(int bytes) => (bytes + Page - 1) / Page * Page;

    private static unsafe byte[] AllocateAligned(int bytes, out int origin)
    {
        byte[] array = GC.AllocateArray<byte>(bytes + Page, pinned: true);
        fixed (byte* start = array)
            origin = (int)((Page - ((nuint)start % Page)) % Page);

        return array;
    }
}
