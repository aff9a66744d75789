namespace Coord.Raft.Tests.Storage;

/// <summary>What a file in memory holds: as its readers see it, and as the disk has it.</summary>
/// <remarks>
/// Kept in pages, which both share until one of them changes; a page of zeros is none. So a segment of a log costs what
/// was written to it, not what it was filled with.
/// </remarks>
internal sealed class MemoryInode
{
    private const int Sector = MemoryFileSystem.SectorBytes;

    private readonly List<Pending> _pending = [];
    private MemoryPages _live = new();
    private MemoryPages _durable = new();

    public long Length => _live.Length;

    public int Read(Span<byte> destination, long offset) => _live.Read(destination, offset);

    public byte[] ToArray() => _live.ToArray();

    public void Write(ReadOnlySpan<byte> source, long offset)
    {
        _live.Write(source, offset);
        _pending.Add(new Pending(offset, source.Length, source.ToArray()));
    }

    /// <summary>Adds zeros at the end.</summary>
    public void ZeroFill(long length)
    {
        _pending.Add(new Pending(Length, length - Length, null));
        _live.Length = length;
    }

    public void Sync()
    {
        foreach (Pending write in _pending)
            Persist(write, write.Offset, write.Offset + write.Length);

        _pending.Clear();
    }

    /// <summary>
    /// The kernel drops the pages that it could not write, shows them to readers, and calls them clean.
    /// </summary>
    public void FailSync() => _pending.Clear();

    public void Crash(string path, ICrashPolicy policy)
    {
        for (int i = 0; i < _pending.Count; i++)
        {
            Pending write = _pending[i];
            long end = write.Offset + write.Length;
            for (long sector = write.Offset / Sector; sector * Sector < end; sector++)
            {
                if (policy.KeepsSector(path, i, sector))
                    Persist(write, Math.Max(write.Offset, sector * Sector), Math.Min(end, (sector + 1) * Sector));
            }
        }

        _pending.Clear();
        _live = _durable.Share();
    }

    public void Overwrite(byte[] contents)
    {
        _pending.Clear();
        _durable = new MemoryPages();
        _durable.Write(contents, 0);
        _live = _durable.Share();
    }

    /// <summary>Changes bits where they lie, for readers and for ever; what is pending stays so.</summary>
    public void Flip(long offset, byte mask)
    {
        _live.Flip(offset, mask);
        _durable.Flip(offset, mask);
    }

    /// <summary>Replaces bytes where they lie, for readers and for ever; what is pending stays so.</summary>
    public void Put(long offset, byte[] bytes)
    {
        _live.Write(bytes, offset);
        _durable.Write(bytes, offset);
    }

    private void Persist(in Pending write, long from, long to)
    {
        if (write.Bytes is null)
            _durable.Length = Math.Max(_durable.Length, to);
        else
            _durable.Write(write.Bytes.AsSpan((int)(from - write.Offset), (int)(to - from)), from);
    }

    private readonly record struct Pending(long Offset, long Length, byte[]? Bytes);
}
