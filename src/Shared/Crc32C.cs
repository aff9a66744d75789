using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Coord.Shared;

/// <summary>CRC-32C (Castagnoli), eight bytes an instruction where the processor has one for it.</summary>
internal static class Crc32C
{
    /// <summary>The state before the first byte.</summary>
    public const uint Initial = uint.MaxValue;

    /// <summary>Computes the checksum of bytes in the usual form: all ones first, inverted last.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => Finish(Append(Initial, bytes));

    /// <summary>Goes on with more bytes; nothing is inverted.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
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

    /// <summary>Computes the checksum of the bytes of a sequence.</summary>
    public static uint Compute(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
            return Compute(bytes.FirstSpan);

        uint crc = Initial;
        foreach (ReadOnlyMemory<byte> segment in bytes)
            crc = Append(crc, segment.Span);
        return Finish(crc);
    }

    /// <summary>Returns the checksum of all bytes so far.</summary>
    public static uint Finish(uint crc) => ~crc;
}
