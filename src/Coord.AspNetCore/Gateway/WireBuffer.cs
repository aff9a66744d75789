using System.Buffers;
using System.Diagnostics;
using Google.Protobuf;

namespace Coord.AspNetCore.Gateway;

/// <summary>A message in the protocol's binary encoding, while it is written. Its array is pooled.</summary>
internal sealed class WireBuffer : IBufferWriter<byte>, IDisposable
{
    /// <summary>
    /// Room for the length of a message inside another. It is known only at the end, so it always takes as many bytes
    /// as the longest that can occur (256 MiB), padded with what the encoding allows: no byte moves.
    /// </summary>
    private const int LengthBytes = 4;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(512);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public MemoryStream ToStream() => new(_bytes, 0, Length, writable: false);

    public void WriteTag(FieldSchema field) => WriteVarint(WireFormat.MakeTag(field.Number, field.WireType));

    public void WriteVarint(ulong value)
    {
        Span<byte> span = GetSpan(10);
        int count = 0;
        for (; value >= 0x80; value >>= 7)
            span[count++] = (byte)(value | 0x80);
        span[count++] = (byte)value;
        Length += count;
    }

    /// <summary>Begins a message inside this one.</summary>
    /// <returns>What to give to <see cref="EndMessage"/>.</returns>
    public int BeginMessage()
    {
        GetSpan(LengthBytes);
        Length += LengthBytes;
        return Length;
    }

    public void EndMessage(int start)
    {
        int length = Length - start;
        Debug.Assert(length < 1 << (7 * LengthBytes), "A body has a bound far below this.");
        Span<byte> span = _bytes.AsSpan(start - LengthBytes, LengthBytes);
        for (int index = 0; index < LengthBytes; index++)
            span[index] = (byte)(((length >> (7 * index)) & 0x7f) | (index < LengthBytes - 1 ? 0x80 : 0));
    }

    /// <summary>Takes out what was written in a place.</summary>
    public void Remove(int start, int end)
    {
        _bytes.AsSpan(end, Length - end).CopyTo(_bytes.AsSpan(start));
        Length -= end - start;
    }

    public void Clear() => Length = 0;

    public void Advance(int count)
    {
        Debug.Assert(count <= _bytes.Length - Length, "Only what was asked for can have been written.");
        Length += count;
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(Length);
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - Length >= count)
            return;

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, checked(Length + count)));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
