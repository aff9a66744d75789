using System.Buffers.Binary;
using System.Diagnostics;
using System.Numerics;
using Coord.Shared;

namespace Coord.Raft.Storage;

/// <summary>The header of one record, and how records lie in a segment. FORMAT.md has the table.</summary>
internal readonly record struct WalRecord
{
    /// <summary>The size of the header in bytes.</summary>
    public const int HeaderBytes = 48;

    /// <summary>The flag of the first record of a group.</summary>
    public const byte FirstOfGroup = 1;

    /// <summary>The flag of the last record of a group; without it none of the group counts.</summary>
    public const byte LastOfGroup = 2;

    private const int Alignment = 8;
    private const int TagOffset = 16;

    public uint Checksum { get; init; }

    public uint PreviousChecksum { get; init; }

    public int PayloadBytes { get; init; }

    public WalRecordKind Kind { get; init; }

    public byte Flags { get; init; }

    public EntryKind EntryKind { get; init; }

    /// <summary>Gets up to where the segment was durable when this was written.</summary>
    public uint DurableOffset { get; init; }

    public EntryId Id { get; init; }

    public int Size => SizeOf(PayloadBytes);

    /// <summary>Returns the bytes that a record occupies: header, payload, zeros up to a multiple of eight.</summary>
    public static int SizeOf(int payloadBytes) => (HeaderBytes + payloadBytes + Alignment - 1) & ~(Alignment - 1);

    /// <summary>Returns how many records there can have been in a number of bytes, begun ones included.</summary>
    public static int MostIn(long bytes) => (int)((bytes + HeaderBytes - 1) / HeaderBytes);

    /// <summary>Writes a record and returns its checksum, which the next one names.</summary>
    /// <param name="record">Exactly the record's bytes.</param>
    /// <param name="header">The header; its payload size, checksums aside.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="place">Where the record is.</param>
    public static uint Write(
        Span<byte> record, in WalRecord header, ReadOnlySpan<byte> payload, in WalPlace place)
    {
        Debug.Assert(record.Length == SizeOf(payload.Length), "The caller reserved what the record needs.");
        Debug.Assert(place.Offset % Alignment == 0, "Records are aligned, so that no length straddles a sector.");

        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], header.PreviousChecksum);
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], payload.Length);
        record[12] = (byte)header.Kind;
        record[13] = header.Flags;
        record[14] = (byte)header.EntryKind;
        record[15] = 0;
        BinaryPrimitives.WriteUInt64LittleEndian(record[TagOffset..], place.Tag);
        BinaryPrimitives.WriteUInt32LittleEndian(record[24..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(record[28..], header.DurableOffset);
        BinaryPrimitives.WriteInt64LittleEndian(record[32..], header.Id.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(record[40..], header.Id.Index.Value);
        payload.CopyTo(record[HeaderBytes..]);
        record[(HeaderBytes + payload.Length)..].Clear();

        uint checksum = ComputeChecksum(record, header.PreviousChecksum, place);
        BinaryPrimitives.WriteUInt32LittleEndian(record, checksum);
        return checksum;
    }

    /// <summary>
    /// Reads the record at a place, if one was completely written there in the segment's present life.
    /// </summary>
    /// <remarks>The chain is not checked: whoever looks for traces behind a damaged record does not know it.</remarks>
    public static bool TryRead(ReadOnlySpan<byte> segment, in WalPlace place, out WalRecord record)
    {
        record = default;
        if (!TryReadHeader(segment, place, out WalRecord header))
            return false;

        ReadOnlySpan<byte> bytes = segment.Slice(place.Offset, header.Size);
        if (ComputeChecksum(bytes, header.PreviousChecksum, place) != header.Checksum)
            return false;

        record = header;
        return true;
    }

    /// <summary>
    /// Reads a header that has the right epoch and a size that is possible; its checksum may be wrong.
    /// </summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> segment, in WalPlace place, out WalRecord header)
    {
        header = default;
        int room = segment.Length - place.Offset - HeaderBytes;
        if (room < 0)
            return false;

        ReadOnlySpan<byte> bytes = segment.Slice(place.Offset, HeaderBytes);
        uint payloadBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        // Compared unsigned and before anything is sliced or allocated: a forged length must not get further.
        if (payloadBytes > (uint)room || SizeOf((int)payloadBytes) > room + HeaderBytes)
            return false;

        // Records of the file's former life have another epoch.
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[TagOffset..]) != place.Tag)
            return false;

        header = new WalRecord
        {
            Checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            PreviousChecksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
            PayloadBytes = (int)payloadBytes,
            Kind = (WalRecordKind)bytes[12],
            Flags = bytes[13],
            EntryKind = (EntryKind)bytes[14],
            DurableOffset = BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]),
            Id = new EntryId(
                new Term(BinaryPrimitives.ReadInt64LittleEndian(bytes[32..])),
                new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]))),
        };
        return true;
    }

    /// <summary>Reads what a header says of its segment.</summary>
    public static void ReadTag(ReadOnlySpan<byte> header, out uint epoch, out uint salt) =>
        (salt, epoch) = (
            BinaryPrimitives.ReadUInt32LittleEndian(header[TagOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(header[(TagOffset + sizeof(uint))..]));

    /// <summary>Finds the next place at or after an offset whose bytes name the segment as a header does.</summary>
    public static int FindHeader(ReadOnlySpan<byte> segment, int offset, ulong tag)
    {
        Debug.Assert(offset % Alignment == 0, "Records are aligned.");
        int last = segment.Length - HeaderBytes;
        for (int i = offset; i <= last; i += Alignment)
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(segment[(i + TagOffset)..]) == tag)
                return i;
        }

        return -1;
    }

    // The place is part of the checksum: a record that the disk put elsewhere is no record there.
    private static uint ComputeChecksum(ReadOnlySpan<byte> record, uint previous, in WalPlace place)
    {
        uint crc = BitOperations.Crc32C(place.Salt, ((ulong)previous << 32) | (uint)place.Offset);
        return ~Crc32C.Append(crc, record[Alignment..]);
    }
}
