using System.Diagnostics;
using System.Numerics;

namespace Coord.AspNetCore.Hot;

/// <summary>Writes fields in the protocol's binary encoding into memory whose size was computed before.</summary>
/// <remarks>As proto3 wants it, zero and an empty value are left out. Fields are numbered up to 15.</remarks>
internal ref struct WireSpan(Span<byte> bytes)
{
    private const int Varint = 0;
    private const int LengthDelimited = 2;

    private readonly Span<byte> _bytes = bytes;

    /// <summary>Gets how many bytes have been written.</summary>
    public int Written { get; private set; }

    public static int SizeOfVarint(ulong value) => ((BitOperations.Log2(value | 1) * 9) + 73) / 64;

    public static int SizeOfNumber(ulong value) => value == 0 ? 0 : 1 + SizeOfVarint(value);

    public static int SizeOfBytes(int length) => length == 0 ? 0 : SizeOfMessage(length);

    public static int SizeOfMessage(int length) => 1 + SizeOfVarint((ulong)length) + length;

    public void Number(int field, ulong value)
    {
        if (value == 0)
            return;

        Tag(field, Varint);
        WriteVarint(value);
    }

    public void Number(int field, long value) => Number(field, (ulong)value);

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return;

        BeginMessage(field, value.Length);
        value.CopyTo(_bytes[Written..]);
        Written += value.Length;
    }

    /// <summary>Begins a message inside; its fields come next.</summary>
    public void BeginMessage(int field, int length)
    {
        Tag(field, LengthDelimited);
        WriteVarint((ulong)length);
    }

    private void Tag(int field, int wireType)
    {
        Debug.Assert(field is > 0 and < 16, "A tag is one byte.");
        _bytes[Written++] = (byte)((field << 3) | wireType);
    }

    private void WriteVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _bytes[Written++] = (byte)(value | 0x80);
        _bytes[Written++] = (byte)value;
    }
}
