using System.Buffers.Binary;

namespace Coord.Kv.Backup;

/// <summary>The fixed layouts of a page file; see FORMAT.md. All numbers in it are little-endian.</summary>
internal static class BoltFormat
{
    public const int PageBytes = 4096;
    public const int PageHeaderBytes = 16;
    public const int ElementBytes = 16;
    public const int BucketHeaderBytes = 16;
    public const int MetaBytes = 64;
    public const int DigestBytes = 32;

    public const ushort BranchPage = 0x01;
    public const ushort LeafPage = 0x02;
    public const ushort MetaPage = 0x04;
    public const ushort FreeListPage = 0x10;

    /// <summary>The flag of a leaf's element whose value is the header of a bucket.</summary>
    public const uint BucketElement = 0x01;

    private const uint Magic = 0xED0CDAED;
    private const uint Version = 2;
    private const int ChecksumOffset = 56;

    public static void WritePageHeader(Span<byte> page, ulong id, ushort kind, int count, int overflow)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(page, id);
        BinaryPrimitives.WriteUInt16LittleEndian(page[8..], kind);
        BinaryPrimitives.WriteUInt16LittleEndian(page[10..], checked((ushort)count));
        BinaryPrimitives.WriteInt32LittleEndian(page[12..], overflow);
    }

    public static void WriteMeta(Span<byte> destination, in BoltMeta meta)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], meta.PageBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], meta.RootPage);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], meta.FreeListPage);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[40..], meta.PageCount);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[48..], meta.Transaction);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[ChecksumOffset..], Checksum(destination));
    }

    /// <summary>Reads a meta page's content; false if it is not a whole one.</summary>
    public static bool TryReadMeta(ReadOnlySpan<byte> source, out BoltMeta meta)
    {
        meta = new(
            BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[48..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(source) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(source[4..]) == Version
            && BinaryPrimitives.ReadUInt64LittleEndian(source[ChecksumOffset..]) == Checksum(source)
            && meta.PageBytes is >= 1024 and <= 64 * 1024
            && int.IsPow2(meta.PageBytes);
    }

    /// <summary>FNV-1a, 64 bits, of what precedes the checksum.</summary>
    private static ulong Checksum(ReadOnlySpan<byte> meta)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (byte b in meta[..ChecksumOffset])
            hash = (hash ^ b) * 0x100000001b3;
        return hash;
    }
}
