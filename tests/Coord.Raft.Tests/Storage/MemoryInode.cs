namespace Coord.Raft.Tests.Storage;

/// <summary>What a file in memory holds: as its readers see it, and as the disk has it.</summary>
internal sealed class MemoryInode
{
    private const int Sector = MemoryFileSystem.SectorBytes;

    private readonly List<(long Offset, byte[] Bytes)> _pending = [];
    private byte[] _live = [];
    private byte[] _durable = [];
    private long _length;
    private long _durableLength;

    public long Length => _length;

    public ReadOnlySpan<byte> Contents => _live.AsSpan(0, (int)_length);

    public void Write(ReadOnlySpan<byte> source, long offset)
    {
        Put(ref _live, ref _length, source, offset);
        _pending.Add((offset, source.ToArray()));
    }

    public void Sync()
    {
        foreach ((long offset, byte[] bytes) in _pending)
            Put(ref _durable, ref _durableLength, bytes, offset);

        _pending.Clear();
    }

    /// <summary>
    /// The kernel drops the pages that it could not write, shows them to readers, and calls them clean.
    /// </summary>
    public void FailSync() => _pending.Clear();

    public void Crash(string path, ICrashPolicy policy)
    {
        for (int write = 0; write < _pending.Count; write++)
        {
            (long start, byte[] bytes) = _pending[write];
            long end = start + bytes.Length;
            for (long sector = start / Sector; sector * Sector < end; sector++)
            {
                if (!policy.KeepsSector(path, write, sector))
                    continue;

                long from = Math.Max(start, sector * Sector);
                long to = Math.Min(end, (sector + 1) * Sector);
                Put(ref _durable, ref _durableLength, bytes.AsSpan((int)(from - start), (int)(to - from)), from);
            }
        }

        _pending.Clear();
        _live = _durable.AsSpan(0, (int)_durableLength).ToArray();
        _length = _durableLength;
    }

    public void Overwrite(byte[] contents)
    {
        _pending.Clear();
        _live = [.. contents];
        _durable = [.. contents];
        _length = contents.Length;
        _durableLength = contents.Length;
    }

    private static void Put(ref byte[] target, ref long length, ReadOnlySpan<byte> source, long offset)
    {
        long end = offset + source.Length;
        if (target.Length < end)
            Array.Resize(ref target, (int)Math.Max(end, 2 * target.Length));

        source.CopyTo(target.AsSpan((int)offset));
        length = Math.Max(length, end);
    }
}
