using System.Buffers.Binary;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Mvcc;

/// <summary>A version or a change as it stands in a snapshot; the memory is borrowed. See FORMAT.md.</summary>
internal readonly ref struct SnapshotRecord
{
    public const int HeadBytes = 45;
    private const int LeaseBytes = 8;

    public bool IsTombstone { get; init; }

    public ReadOnlySpan<byte> Key { get; init; }

    public ReadOnlySpan<byte> Value { get; init; }

    public Stamp Stamp { get; init; }

    public long CreateRevision { get; init; }

    public long Version { get; init; }

    /// <summary>Gets the lease; version 1 of the format has none.</summary>
    public long Lease { get; init; }

    public int Bytes => BytesRead(hasLease: true);

    public int BytesRead(bool hasLease) =>
        HeadBytes - (hasLease ? 0 : LeaseBytes) + Key.Length + Value.Length;

    public static SnapshotRecord Of(KeyVersion version) => new()
    {
        IsTombstone = version.IsTombstone,
        Key = version.Key,
        Value = version.Value,
        Stamp = version.Stamp,
        CreateRevision = version.CreateRevision,
        Version = version.Version,
        Lease = version.Lease,
    };

    /// <summary>Reads a record from the start of some bytes.</summary>
    /// <param name="bytes">The bytes; the record borrows from them.</param>
    /// <param name="record">The record.</param>
    /// <param name="hasLease">Whether it has a lease, as all have but those of version 1.</param>
    /// <returns>False if they do not begin with a whole record.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SnapshotRecord record, bool hasLease = true)
    {
        record = default;
        int headBytes = hasLease ? HeadBytes : HeadBytes - LeaseBytes;
        if (bytes.Length < headBytes || bytes[0] > 1)
            return false;

        int keyBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]);
        int valueBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[5..]);
        bool isTombstone = bytes[0] == 1;
        if (keyBytes <= 0 || valueBytes < 0 || (long)keyBytes + valueBytes > bytes.Length - headBytes)
            return false;
        if (isTombstone && valueBytes > 0)
            return false;

        record = new()
        {
            IsTombstone = isTombstone,
            Key = bytes.Slice(headBytes, keyBytes),
            Value = bytes.Slice(headBytes + keyBytes, valueBytes),
            Stamp = new(
                BinaryPrimitives.ReadInt64LittleEndian(bytes[9..]),
                BinaryPrimitives.ReadInt32LittleEndian(bytes[17..])),
            CreateRevision = BinaryPrimitives.ReadInt64LittleEndian(bytes[21..]),
            Version = BinaryPrimitives.ReadInt64LittleEndian(bytes[29..]),
            Lease = hasLease ? BinaryPrimitives.ReadInt64LittleEndian(bytes[37..]) : 0,
        };
        return true;
    }

    public void WriteTo(Span<byte> destination)
    {
        destination[0] = IsTombstone ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(destination[1..], Key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(destination[5..], Value.Length);
        BinaryPrimitives.WriteInt64LittleEndian(destination[9..], Stamp.Revision);
        BinaryPrimitives.WriteInt32LittleEndian(destination[17..], Stamp.Sub);
        BinaryPrimitives.WriteInt64LittleEndian(destination[21..], CreateRevision);
        BinaryPrimitives.WriteInt64LittleEndian(destination[29..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(destination[37..], Lease);
        Key.CopyTo(destination[HeadBytes..]);
        Value.CopyTo(destination[(HeadBytes + Key.Length)..]);
    }
}
