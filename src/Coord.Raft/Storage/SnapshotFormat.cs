using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using Coord.Shared;
using MessagePack;

namespace Coord.Raft.Storage;

/// <summary>The layout of a snapshot's file. FORMAT.md has the tables.</summary>
internal static class SnapshotFormat
{
    /// <summary>The most payload bytes in a chunk.</summary>
    public const int MaxChunkBytes = 256 * 1024;

    /// <summary>The size of what stands before a chunk's bytes: their number and their checksum.</summary>
    public const int ChunkHeaderBytes = 8;

    /// <summary>The size of what follows the last chunk.</summary>
    public const int FooterBytes = 32;

    /// <summary>The end of the name of a published snapshot.</summary>
    public const string Suffix = ".snapshot";

    /// <summary>The end of the name of a snapshot that is being received.</summary>
    public const string PartialSuffix = ".partial";

    private const uint FormatVersion = 1;
    private const int FixedHeaderBytes = 16;
    private const int MaxMetadataBytes = 16 * 1024 * 1024;

    private static ReadOnlySpan<byte> Magic => "COORDSNP"u8;

    /// <summary>Returns the name of a snapshot, without its end.</summary>
    public static string NameOf(EntryId lastIncluded) =>
        $"{lastIncluded.Index.Value:x16}-{lastIncluded.Term.Value:x16}";

    /// <summary>Encodes the header, its checksum included.</summary>
    public static byte[] EncodeHeader(SnapshotMetadata snapshot, out uint checksum)
    {
        ArrayBufferWriter<byte> bytes = new();
        bytes.GetSpan(FixedHeaderBytes)[..FixedHeaderBytes].Clear();
        bytes.Advance(FixedHeaderBytes);
        MessagePackWriter writer = new(bytes);
        MembershipCodec.Write(ref writer, snapshot);
        writer.Flush();

        byte[] header = new byte[bytes.WrittenCount + sizeof(uint)];
        bytes.WrittenSpan.CopyTo(header);
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), bytes.WrittenCount - FixedHeaderBytes);
        checksum = Crc32C.Compute(header.AsSpan(0, bytes.WrittenCount));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(bytes.WrittenCount), checksum);
        return header;
    }

    /// <summary>Reads the header; returns what is wrong, or null.</summary>
    public static string? ReadHeader(IFile file, out SnapshotMetadata snapshot, out int headerBytes, out uint checksum)
    {
        snapshot = SnapshotMetadata.Empty;
        headerBytes = 0;
        checksum = 0;
        Span<byte> start = stackalloc byte[FixedHeaderBytes];
        if (file.Read(start, 0) < FixedHeaderBytes || !start[..Magic.Length].SequenceEqual(Magic))
            return "it does not begin like a snapshot";

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        uint metadataBytes = BinaryPrimitives.ReadUInt32LittleEndian(start[12..]);
        // Bound before anything is allocated.
        if (metadataBytes > MaxMetadataBytes || metadataBytes > file.Length)
            return "its header names an impossible size";

        byte[] header = new byte[FixedHeaderBytes + (int)metadataBytes + sizeof(uint)];
        if (file.Read(header, 0) < header.Length)
            return "it ends within its header";

        int covered = header.Length - sizeof(uint);
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(covered));
        if (Crc32C.Compute(header.AsSpan(0, covered)) != checksum)
            return "the checksum of its header is wrong";
        if (version != FormatVersion)
            return $"it has format version {version}, and this program reads {FormatVersion}; use the newer program";

        headerBytes = header.Length;
        MessagePackReader reader = new(header.AsMemory(FixedHeaderBytes, (int)metadataBytes));
        return MembershipCodec.TryRead(ref reader, out snapshot) ? null : "its metadata does not follow the format";
    }

    /// <summary>Computes a chunk's checksum, which stands on that of the chunk before.</summary>
    public static uint ComputeChunkChecksum(uint previous, ReadOnlySpan<byte> chunk)
    {
        uint crc = BitOperations.Crc32C(uint.MaxValue, ((ulong)(uint)chunk.Length << 32) | previous);
        return ~Crc32C.Append(crc, chunk);
    }

    /// <summary>Encodes the footer.</summary>
    public static void WriteFooter(Span<byte> footer, long payloadBytes, long chunks, uint lastChecksum)
    {
        footer[..FooterBytes].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(footer[8..], payloadBytes);
        BinaryPrimitives.WriteInt64LittleEndian(footer[16..], chunks);
        BinaryPrimitives.WriteUInt32LittleEndian(footer[24..], lastChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(footer[4..], Crc32C.Compute(footer[8..FooterBytes]));
    }

    /// <summary>Reads the footer; false if it is not one.</summary>
    public static bool TryReadFooter(
        ReadOnlySpan<byte> footer, out long payloadBytes, out long chunks, out uint lastChecksum)
    {
        payloadBytes = 0;
        chunks = 0;
        lastChecksum = 0;
        if (footer.Length < FooterBytes
            || BinaryPrimitives.ReadInt32LittleEndian(footer) != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(footer[4..]) != Crc32C.Compute(footer[8..FooterBytes]))
            return false;

        payloadBytes = BinaryPrimitives.ReadInt64LittleEndian(footer[8..]);
        chunks = BinaryPrimitives.ReadInt64LittleEndian(footer[16..]);
        lastChecksum = BinaryPrimitives.ReadUInt32LittleEndian(footer[24..]);
        return payloadBytes >= 0 && chunks >= 0;
    }

    /// <summary>Tells, without reading the chunks, whether header, footer and size fit together.</summary>
    public static string? CheckOutline(IFile file, out SnapshotMetadata snapshot)
    {
        if (ReadHeader(file, out snapshot, out int headerBytes, out _) is { } problem)
            return problem;

        Span<byte> footer = stackalloc byte[FooterBytes];
        long offset = file.Length - FooterBytes;
        if (offset < headerBytes || file.Read(footer, offset) < FooterBytes
            || !TryReadFooter(footer, out long payloadBytes, out long chunks, out _))
            return "it has no footer";

        return headerBytes + payloadBytes + (chunks * ChunkHeaderBytes) == offset ? null : "its size is wrong";
    }
}
