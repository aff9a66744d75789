using System.Buffers.Binary;
using System.Numerics;

namespace Coord.Raft.Storage;

/// <summary>CRC-32C (Castagnoli), eight bytes an instruction.</summary>
internal static class Crc32C
{
    /// <summary>Computes the checksum of bytes in the usual form: all ones first, inverted last.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => ~Append(uint.MaxValue, bytes);

    /// <summary>Continues a raw checksum; nothing is inverted.</summary>
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
}
