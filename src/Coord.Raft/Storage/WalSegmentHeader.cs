using System.Buffers.Binary;
using Coord.Shared;

namespace Coord.Raft.Storage;

/// <summary>The first page of a segment: whose it is and which. Durable before the segment has its name.</summary>
/// <param name="DirectoryId">The data directory the segment belongs to.</param>
/// <param name="Epoch">The segment's place in the sequence.</param>
/// <param name="SegmentBytes">The size of the file.</param>
/// <param name="IsRecycled">Whether the file had a former life, so that old bytes follow the records.</param>
internal readonly record struct WalSegmentHeader(Guid DirectoryId, ulong Epoch, int SegmentBytes, bool IsRecycled)
{
    /// <summary>The size of the page; the first record follows it.</summary>
    public const int PageBytes = 4096;

    /// <summary>The version that this code writes. It reads this one and, from version 2 on, the one before.</summary>
    public const uint FormatVersion = 1;

    private const int ChecksumOffset = PageBytes - sizeof(uint);

    private static ReadOnlySpan<byte> Magic => "COORDWAL"u8;

    /// <summary>Fills a page.</summary>
    public void Write(Span<byte> page)
    {
        page[..PageBytes].Clear();
        Magic.CopyTo(page);
        BinaryPrimitives.WriteUInt32LittleEndian(page[8..], FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(page[12..], SegmentBytes);
        DirectoryId.TryWriteBytes(page[16..]);
        BinaryPrimitives.WriteUInt64LittleEndian(page[32..], Epoch);
        page[40] = IsRecycled ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(page[ChecksumOffset..], Crc32C.Compute(page[..ChecksumOffset]));
    }

    /// <summary>Reads a page; on failure says what is wrong with it.</summary>
    /// <exception cref="DataDirectoryException">
    /// It is intact and of another version: not damaged, so nobody may repair it.
    /// </exception>
    public static WalSegmentHeader? Read(ReadOnlySpan<byte> page, string path, out string problem)
    {
        if (page.Length < PageBytes || !page[..Magic.Length].SequenceEqual(Magic))
        {
            problem = "it does not begin like a log segment";
            return null;
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(page[8..]);
        if (Crc32C.Compute(page[..ChecksumOffset]) != BinaryPrimitives.ReadUInt32LittleEndian(page[ChecksumOffset..]))
        {
            problem = "the checksum of its header is wrong";
            return null;
        }

        if (version != FormatVersion)
        {
            throw new DataDirectoryException(
                $"{path} has format version {version}, and this program reads {FormatVersion}. "
                + "Use the version of the program that wrote it.");
        }

        int size = BinaryPrimitives.ReadInt32LittleEndian(page[12..]);
        if (size is < WalOptions.MinSegmentBytes or > WalOptions.MaxSegmentBytes || size % PageBytes != 0)
        {
            problem = $"its header names an impossible size of {size} bytes";
            return null;
        }

        problem = "";
        ulong epoch = BinaryPrimitives.ReadUInt64LittleEndian(page[32..]);
        return new WalSegmentHeader(new Guid(page.Slice(16, 16)), epoch, size, page[40] != 0);
    }
}
