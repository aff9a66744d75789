using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Coord.Transport.Framing;

/// <summary>CRC-32C (Castagnoli), with the processor's instruction where there is one.</summary>
internal static class Crc32C
{
    /// <summary>The state before the first byte.</summary>
    public const uint Initial = uint.MaxValue;

    /// <summary>Goes on with more bytes.</summary>
    public static uint Update(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }

    /// <summary>Goes on with the bytes of a sequence.</summary>
    public static uint Update(uint crc, in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
            return Update(crc, bytes.FirstSpan);

        foreach (ReadOnlyMemory<byte> segment in bytes)
            crc = Update(crc, segment.Span);
        return crc;
    }

    /// <summary>Returns the checksum of all bytes so far.</summary>
    public static uint Finish(uint crc) => ~crc;
}
