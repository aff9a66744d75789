using System.Buffers;
using Coord.Kv.Mvcc;

namespace Coord.Kv.Backup;

/// <summary>The values in the buckets: protobuf messages, without the fields that are zero.</summary>
internal static class EtcdRecords
{
    /// <summary>Writes a version as the value of its revision; of a deletion the key alone.</summary>
    public static void WriteVersion(IBufferWriter<byte> destination, in SnapshotRecord record)
    {
        WriteBytes(destination, 1, record.Key);
        if (record.IsTombstone)
            return;

        WriteNumber(destination, 2, record.CreateRevision);
        WriteNumber(destination, 3, record.Stamp.Revision);
        WriteNumber(destination, 4, record.Version);
        WriteBytes(destination, 5, record.Value);
        WriteNumber(destination, 6, record.Lease);
    }

    /// <summary>Reads a version; its memory is that of the value.</summary>
    /// <returns>False if the value is not that of a version.</returns>
    public static bool TryReadVersion(
        ReadOnlySpan<byte> value, Stamp stamp, bool isTombstone, out SnapshotRecord record)
    {
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> content = default;
        (long created, long version, long lease) = (0, 0, 0);
        ProtoReader reader = new(value);
        while (reader.MoveNext())
        {
            switch (reader.Field)
            {
                case 1: key = reader.Content; break;
                case 2: created = reader.Number; break;
                case 4: version = reader.Number; break;
                case 5: content = reader.Content; break;
                case 6: lease = reader.Number; break;
            }
        }

        record = isTombstone
            ? new() { IsTombstone = true, Key = key, Stamp = stamp }
            : new()
            {
                Key = key,
                Value = content,
                Stamp = stamp,
                CreateRevision = created,
                Version = version,
                Lease = lease,
            };
        bool fits = isTombstone || (created > 0 && created <= stamp.Revision && version > 0);
        return !reader.IsBroken && !key.IsEmpty && fits;
    }

    /// <summary>Writes a lease as the value of its id. Of what it had left nothing is said: it begins anew.</summary>
    public static void WriteLease(IBufferWriter<byte> destination, long id, long seconds)
    {
        WriteNumber(destination, 1, id);
        WriteNumber(destination, 2, seconds);
    }

    /// <summary>Reads a lease; false if the value is not that of one.</summary>
    public static bool TryReadLease(ReadOnlySpan<byte> value, out long id, out long seconds)
    {
        (id, seconds) = (0, 0);
        ProtoReader reader = new(value);
        while (reader.MoveNext())
        {
            if (reader.Field == 1)
                id = reader.Number;
            else if (reader.Field == 2)
                seconds = reader.Number;
        }

        return !reader.IsBroken && id != 0;
    }

    private static void WriteBytes(IBufferWriter<byte> destination, int field, ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
            return;

        WriteVarint(destination, (ulong)((field << 3) | 2));
        WriteVarint(destination, (ulong)content.Length);
        destination.Write(content);
    }

    private static void WriteNumber(IBufferWriter<byte> destination, int field, long number)
    {
        if (number == 0)
            return;

        WriteVarint(destination, (ulong)(field << 3));
        WriteVarint(destination, (ulong)number);
    }

    private static void WriteVarint(IBufferWriter<byte> destination, ulong number)
    {
        Span<byte> bytes = destination.GetSpan(10);
        int count = 0;
        for (; number >= 0x80; number >>= 7)
            bytes[count++] = (byte)(number | 0x80);
        bytes[count++] = (byte)number;
        destination.Advance(count);
    }
}
