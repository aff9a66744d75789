using System.Buffers;
using System.Buffers.Binary;

namespace Coord.Kv.Backup;

/// <summary>Writes a page file of buckets, one bucket after the other, with memory for a few pages.</summary>
/// <remarks>
/// Page 0 and 1 say where the rest is, so they are written last; page 2 is the list of free pages, and empty. The pages
/// of the trees follow in the order in which they are filled.
/// </remarks>
internal sealed class BoltFileWriter
{
    private const ulong FreeListPage = 2;
    private const ulong FirstTreePage = 3;

    private readonly Stream _file;
    private readonly SortedDictionary<byte[], ulong> _buckets = new(ByteOrder.Instance);
    private ulong _nextPage = FirstTreePage;

    /// <summary>Creates the writer on an empty file that can be sought.</summary>
    public BoltFileWriter(Stream file)
    {
        _file = file;
        _file.Position = (long)FirstTreePage * BoltFormat.PageBytes;
    }

    /// <summary>Begins a bucket, which is written to its end before the next one.</summary>
    public BoltTreeWriter BeginBucket() => new(this);

    /// <summary>Ends a bucket; its name is new.</summary>
    public void EndBucket(ReadOnlySpan<byte> name, BoltTreeWriter bucket) =>
        _buckets.Add(name.ToArray(), bucket.End());

    /// <summary>Writes a page, or as many as a large element needs.</summary>
    /// <returns>The number of the first.</returns>
    public ulong Append(BoltPageBuilder page)
    {
        int bytes = page.Pages * BoltFormat.PageBytes;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            Span<byte> memory = buffer.AsSpan(0, bytes);
            memory.Clear();
            page.WriteTo(memory, _nextPage);
            _file.Write(memory);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        ulong id = _nextPage;
        _nextPage += (ulong)page.Pages;
        return id;
    }

    /// <summary>Writes the tree of the buckets and the pages at the front. The file is then complete.</summary>
    public void End()
    {
        BoltTreeWriter root = new(this);
        Span<byte> header = stackalloc byte[BoltFormat.BucketHeaderBytes];
        header.Clear();
        foreach ((byte[] name, ulong page) in _buckets)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(header, page);
            root.Add(name, header, BoltFormat.BucketElement);
        }

        ulong rootPage = root.End();
        _file.Position = 0;
        for (ulong transaction = 0; transaction < 2; transaction++)
        {
            Span<byte> page = NewPage(transaction, BoltFormat.MetaPage);
            BoltMeta meta = new(BoltFormat.PageBytes, rootPage, FreeListPage, _nextPage, transaction);
            BoltFormat.WriteMeta(page[BoltFormat.PageHeaderBytes..], meta);
            _file.Write(page);
        }

        _file.Write(NewPage(FreeListPage, BoltFormat.FreeListPage));
        _file.Position = (long)_nextPage * BoltFormat.PageBytes;
    }

    private static Span<byte> NewPage(ulong id, ushort kind)
    {
        byte[] page = new byte[BoltFormat.PageBytes];
        BoltFormat.WritePageHeader(page, id, kind, count: 0, overflow: 0);
        return page;
    }
}
