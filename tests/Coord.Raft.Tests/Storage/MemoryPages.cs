namespace Coord.Raft.Tests.Storage;

/// <summary>Bytes in pages. What was never written is zero and takes no room.</summary>
internal sealed class MemoryPages
{
    private const int PageBytes = 4096;

    private readonly List<Page> _pages = [];
    private long _length;

    /// <summary>Gets or sets the length; what is added are zeros. It never shrinks.</summary>
    public long Length
    {
        get => _length;
        set => _length = Math.Max(_length, value);
    }

    public int Read(Span<byte> destination, long offset)
    {
        int count = (int)Math.Clamp(_length - offset, 0, destination.Length);
        for (int done = 0; done < count;)
        {
            long at = offset + done;
            int start = (int)(at % PageBytes);
            int piece = Math.Min(PageBytes - start, count - done);
            Span<byte> target = destination.Slice(done, piece);
            int page = (int)(at / PageBytes);
            if (page < _pages.Count && _pages[page].Bytes is { } bytes)
                bytes.AsSpan(start, piece).CopyTo(target);
            else
                target.Clear();
            done += piece;
        }

        return count;
    }

    public void Write(ReadOnlySpan<byte> source, long offset)
    {
        Length = offset + source.Length;
        for (int done = 0; done < source.Length;)
        {
            long at = offset + done;
            int start = (int)(at % PageBytes);
            int piece = Math.Min(PageBytes - start, source.Length - done);
            ReadOnlySpan<byte> bytes = source.Slice(done, piece);
            int page = (int)(at / PageBytes);
            if (page < _pages.Count || bytes.ContainsAnyExcept((byte)0))
                bytes.CopyTo(Own(page).AsSpan(start));
            done += piece;
        }
    }

    public void Flip(long offset, byte mask)
    {
        if (offset < _length)
            Own((int)(offset / PageBytes))[(int)(offset % PageBytes)] ^= mask;
    }

    public byte[] ToArray()
    {
        byte[] bytes = new byte[_length];
        Read(bytes, 0);
        return bytes;
    }

    /// <summary>Returns a copy; pages are copied when one of the two changes them.</summary>
    public MemoryPages Share()
    {
        MemoryPages copy = new() { _length = _length };
        for (int i = 0; i < _pages.Count; i++)
        {
            _pages[i] = _pages[i] with { IsShared = true };
            copy._pages.Add(_pages[i]);
        }

        return copy;
    }

    private byte[] Own(int page)
    {
        while (_pages.Count <= page)
            _pages.Add(default);

        if (_pages[page] is { IsShared: false, Bytes: { } own })
            return own;

        byte[] bytes = _pages[page].Bytes is { } shared ? [.. shared] : new byte[PageBytes];
        _pages[page] = new Page(bytes, IsShared: false);
        return bytes;
    }

    private readonly record struct Page(byte[]? Bytes, bool IsShared);
}
