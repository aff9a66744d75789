using System.Buffers.Binary;
using System.Collections;

namespace Coord.Kv.Backup;

/// <summary>Walks over the entries of one tree, in the order of their keys, and checks each page it comes to.</summary>
/// <remarks>No page is visited twice, so a file whose branches lead in circles ends the walk like any damage.</remarks>
internal sealed class BoltCursor
{
    private const int MaxDepth = 64;

    private readonly BoltFileReader _file;
    private readonly Stack<Frame> _path = [];
    private readonly BitArray _visited;
    private byte[] _key = [];
    private int _keyBytes = -1;
    private Frame _leaf;
    private int _value;
    private int _valueBytes;

    /// <summary>Creates a cursor before the first entry of a tree.</summary>
    public BoltCursor(BoltFileReader file, ulong root)
    {
        _file = file;
        _visited = new BitArray(checked((int)Math.Min(file.PageCount, int.MaxValue)));
        Enter(root, file.PageBytes);
    }

    /// <summary>Creates a cursor before the first entry of a tree of one page that lies within another.</summary>
    public BoltCursor(BoltFileReader file, ReadOnlySpan<byte> inlinePage, long offset)
    {
        _file = file;
        _visited = new BitArray(0);
        BoltFileReader.Ensure(inlinePage.Length >= BoltFormat.PageHeaderBytes, offset, "a page is cut off");
        Frame frame = new(inlinePage.ToArray(), inlinePage.Length, offset);
        BoltFileReader.Ensure(frame.Kind == BoltFormat.LeafPage, offset, "an inner page is no leaf");
        CheckTable(frame);
        _path.Push(frame);
    }

    /// <summary>Gets the key; valid until the cursor moves.</summary>
    public ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyBytes);

    /// <summary>Gets the value; valid until the cursor moves.</summary>
    public ReadOnlySpan<byte> Value => _leaf.Page.AsSpan(_value, _valueBytes);

    /// <summary>Gets the flags of the entry.</summary>
    public uint Flags { get; private set; }

    /// <summary>Gets where the value is in the file.</summary>
    public long Offset => _leaf.FileOffset + _value;

    /// <summary>Moves to the next entry; false at the end.</summary>
    public bool MoveNext()
    {
        while (_path.TryPop(out Frame frame))
        {
            if (frame.Next == frame.Count)
                continue;

            int element = BoltFormat.PageHeaderBytes + (frame.Next * BoltFormat.ElementBytes);
            _path.Push(frame with { Next = frame.Next + 1 });
            if (frame.Kind == BoltFormat.LeafPage)
            {
                Take(frame, element);
                return true;
            }

            ulong child = BinaryPrimitives.ReadUInt64LittleEndian(frame.Page.AsSpan(element + 8));
            Enter(child, frame.FileOffset + element);
        }

        return false;
    }

    private void Take(in Frame frame, int element)
    {
        ReadOnlySpan<byte> bytes = frame.Page.AsSpan(element);
        long at = frame.FileOffset + element;
        long key = element + (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        long keyBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        long valueBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        long table = BoltFormat.PageHeaderBytes + ((long)frame.Count * BoltFormat.ElementBytes);
        BoltFileReader.Ensure(
            key >= table && key + keyBytes + valueBytes <= frame.Bytes, at, "an entry lies outside of its page");

        ReadOnlySpan<byte> next = frame.Page.AsSpan((int)key, (int)keyBytes);
        BoltFileReader.Ensure(
            _keyBytes < 0 || next.SequenceCompareTo(Key) > 0, at, "the keys are not in order");
        if (_key.Length < next.Length)
            _key = new byte[Math.Max(64, next.Length)];
        next.CopyTo(_key);
        _keyBytes = next.Length;
        _leaf = frame;
        (_value, _valueBytes) = ((int)(key + keyBytes), (int)valueBytes);
        Flags = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    private void Enter(ulong page, long from)
    {
        BoltFileReader.Ensure(
            page >= 2 && page < (ulong)_visited.Length, from, $"it leads to page {page}, which there is not");
        BoltFileReader.Ensure(!_visited[(int)page], from, $"it leads to page {page} again");
        BoltFileReader.Ensure(_path.Count < MaxDepth, from, "the tree is too deep");
        _visited[(int)page] = true;

        long offset = (long)page * _file.PageBytes;
        Span<byte> header = stackalloc byte[BoltFormat.PageHeaderBytes];
        _file.ReadExactly(header, offset);
        BoltFileReader.Ensure(
            BinaryPrimitives.ReadUInt64LittleEndian(header) == page, offset, "a page has the number of another");
        ulong overflow = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        long bytes = ((long)overflow + 1) * _file.PageBytes;
        BoltFileReader.Ensure(
            page + overflow < _file.PageCount && bytes <= Array.MaxLength, offset, "a page reaches beyond the end");

        byte[] content = new byte[bytes];
        _file.ReadExactly(content, offset);
        Frame frame = new(content, content.Length, offset);
        BoltFileReader.Ensure(
            frame.Kind is BoltFormat.LeafPage or BoltFormat.BranchPage, offset, "a page is neither branch nor leaf");
        CheckTable(frame);
        _path.Push(frame);
    }

    private static void CheckTable(in Frame frame) => BoltFileReader.Ensure(
        BoltFormat.PageHeaderBytes + ((long)frame.Count * BoltFormat.ElementBytes) <= frame.Bytes,
        frame.FileOffset,
        "a page has more entries than it can hold");

    /// <summary>A page on the way from the root to the present entry.</summary>
    private readonly record struct Frame(byte[] Page, int Bytes, long FileOffset)
    {
        public ushort Kind => BinaryPrimitives.ReadUInt16LittleEndian(Page.AsSpan(8));

        public int Count => BinaryPrimitives.ReadUInt16LittleEndian(Page.AsSpan(10));

        public int Next { get; init; }
    }
}
