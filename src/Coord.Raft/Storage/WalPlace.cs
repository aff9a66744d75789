using System.Numerics;
using Coord.Shared;

namespace Coord.Raft.Storage;

/// <summary>Where a record is. All of it goes into the record's checksum.</summary>
/// <param name="Epoch">The segment's place in the sequence of segments, never used twice.</param>
/// <param name="Salt">A number made from the directory's id and the epoch: <see cref="SaltOf"/>.</param>
/// <param name="Offset">The offset in the segment's file.</param>
internal readonly record struct WalPlace(ulong Epoch, uint Salt, int Offset)
{
    /// <summary>Gets what a record's header says of its segment: epoch and salt.</summary>
    /// <remarks>
    /// The epoch alone is a small number, which terms, lengths and payloads are full of; with the salt nothing else
    /// looks like it when the bytes behind a damaged record are searched.
    /// </remarks>
    public ulong Tag => (Epoch << 32) | Salt;

    /// <summary>Makes the salt, which differs between directories and between segments.</summary>
    public static uint SaltOf(Guid directoryId, ulong epoch)
    {
        Span<byte> id = stackalloc byte[16];
        directoryId.TryWriteBytes(id);
        return BitOperations.Crc32C(Crc32C.Append(uint.MaxValue, id), epoch);
    }
}
