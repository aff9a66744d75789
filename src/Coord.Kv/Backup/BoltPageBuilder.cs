using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;

namespace Coord.Kv.Backup;

/// <summary>Collects the elements of one page until it is full; a tree's writer then fills it again.</summary>
internal sealed class BoltPageBuilder(bool isLeaf)
{
    private readonly List<Element> _elements = [];
    private readonly ArrayBufferWriter<byte> _content = new(BoltFormat.PageBytes);

    public int Count => _elements.Count;

    /// <summary>Gets the first key; valid until the page is cleared.</summary>
    public ReadOnlySpan<byte> FirstKey => _content.WrittenSpan[.._elements[0].KeyBytes];

    /// <summary>Gets how many pages it takes: more than one if a single element is larger than a page.</summary>
    public int Pages => (SizeWith(0, 0) + BoltFormat.PageBytes - 1) / BoltFormat.PageBytes;

    /// <summary>Tells whether an element can be added without a page more; an empty page takes any.</summary>
    public bool HasRoomFor(int contentBytes) => Count == 0 || SizeWith(1, contentBytes) <= BoltFormat.PageBytes;

    public void AddEntry(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, uint flags)
    {
        Debug.Assert(isLeaf, "Entries are in leaves.");
        _elements.Add(new(_content.WrittenCount, key.Length, value.Length, flags, Child: 0));
        _content.Write(key);
        _content.Write(value);
    }

    public void AddChild(ReadOnlySpan<byte> firstKey, ulong page)
    {
        Debug.Assert(!isLeaf, "Children are in branches.");
        _elements.Add(new(_content.WrittenCount, firstKey.Length, ValueBytes: 0, Flags: 0, page));
        _content.Write(firstKey);
    }

    /// <summary>Writes the page into memory of zeroes that holds all of its pages.</summary>
    public void WriteTo(Span<byte> destination, ulong id)
    {
        ushort kind = isLeaf ? BoltFormat.LeafPage : BoltFormat.BranchPage;
        BoltFormat.WritePageHeader(destination, id, kind, Count, Pages - 1);
        int table = Count * BoltFormat.ElementBytes;
        for (int i = 0; i < Count; i++)
        {
            // Positions count from the element that has them.
            Element element = _elements[i];
            int at = i * BoltFormat.ElementBytes;
            int position = table + element.Offset - at;
            Span<byte> place = destination[(BoltFormat.PageHeaderBytes + at)..];
            if (isLeaf)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(place, element.Flags);
                BinaryPrimitives.WriteInt32LittleEndian(place[4..], position);
                BinaryPrimitives.WriteInt32LittleEndian(place[8..], element.KeyBytes);
                BinaryPrimitives.WriteInt32LittleEndian(place[12..], element.ValueBytes);
            }
            else
            {
                BinaryPrimitives.WriteInt32LittleEndian(place, position);
                BinaryPrimitives.WriteInt32LittleEndian(place[4..], element.KeyBytes);
                BinaryPrimitives.WriteUInt64LittleEndian(place[8..], element.Child);
            }
        }

        _content.WrittenSpan.CopyTo(destination[(BoltFormat.PageHeaderBytes + table)..]);
    }

    public void Clear()
    {
        _elements.Clear();
        _content.ResetWrittenCount();
    }

    private int SizeWith(int elements, int contentBytes) =>
        BoltFormat.PageHeaderBytes
        + ((Count + elements) * BoltFormat.ElementBytes)
        + _content.WrittenCount + contentBytes;

    private readonly record struct Element(int Offset, int KeyBytes, int ValueBytes, uint Flags, ulong Child);
}
