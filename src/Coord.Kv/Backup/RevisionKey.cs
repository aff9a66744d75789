using System.Buffers.Binary;
using Coord.Kv.Mvcc;

namespace Coord.Kv.Backup;

/// <summary>A stamp as a key: both numbers big-endian, so that the order of bytes is that of time.</summary>
internal static class RevisionKey
{
    public const int Bytes = 17;
    public const int TombstoneBytes = 18;

    /// <summary>The largest revision: no store gets there, and adding to it does not overflow.</summary>
    public const long MaxRevision = 1L << 61;

    private const byte Separator = (byte)'_';
    private const byte TombstoneMark = (byte)'t';

    /// <summary>Writes a key into 18 bytes.</summary>
    /// <returns>How many of them it takes.</returns>
    public static int Write(Span<byte> destination, Stamp stamp, bool isTombstone)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, stamp.Revision);
        destination[8] = Separator;
        BinaryPrimitives.WriteInt64BigEndian(destination[9..], stamp.Sub);
        destination[Bytes] = TombstoneMark;
        return isTombstone ? TombstoneBytes : Bytes;
    }

    public static bool TryRead(ReadOnlySpan<byte> key, out Stamp stamp, out bool isTombstone)
    {
        (stamp, isTombstone) = (default, key.Length == TombstoneBytes);
        if (key.Length is not (Bytes or TombstoneBytes) || key[8] != Separator)
            return false;
        if (isTombstone && key[Bytes] != TombstoneMark)
            return false;

        long revision = BinaryPrimitives.ReadInt64BigEndian(key);
        long sub = BinaryPrimitives.ReadInt64BigEndian(key[9..]);
        stamp = new(revision, (int)Math.Clamp(sub, 0, int.MaxValue));
        return revision is > 0 and <= MaxRevision && sub == stamp.Sub;
    }
}
