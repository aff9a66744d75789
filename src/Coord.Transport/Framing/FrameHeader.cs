using System.Buffers.Binary;
using System.Diagnostics;
using Coord.Shared;

namespace Coord.Transport.Framing;

/// <summary>The fixed bytes in front of each frame's payload. See FORMAT.md.</summary>
/// <remarks>
/// <code>
/// offset  size  field
///      0     3  "CRF"
///      3     1  version of the format, '1'
///      4     4  payload length
///      8     1  kind
///      9     1  lane
///     10     2  flags, zero
///     12     4  group, zero
///     16     4  CRC-32C of the payload
///     20     4  CRC-32C of the bytes before, seeded with the connection's epoch and the frame's number
/// </code>
/// The header has a checksum of its own, so that a damaged length is noticed at once and not after waiting for bytes
/// that nobody sent.
/// </remarks>
internal readonly record struct FrameHeader(int Length, FrameKind Kind, Lane Lane, uint PayloadCrc)
{
    /// <summary>The size of a header in bytes.</summary>
    public const int Size = 24;

    private const int CrcOffset = 20;

    private static ReadOnlySpan<byte> Magic => "CRF1"u8;

    /// <summary>Mixes what makes a frame valid only at its place in its connection.</summary>
    /// <param name="epoch">The connection's number, made in its handshake; zero before.</param>
    /// <param name="sequence">The frame's number within one direction of the connection.</param>
    public static uint Seed(uint epoch, uint sequence) => Crc32C.Initial ^ epoch ^ (sequence * 0x9E3779B1u);

    /// <summary>Writes the header.</summary>
    public void Write(Span<byte> destination, uint seed)
    {
        Debug.Assert(destination.Length >= Size, "The caller reserves the whole header.");
        Magic.CopyTo(destination);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], Length);
        destination[8] = (byte)Kind;
        destination[9] = (byte)Lane;
        destination[10..16].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], PayloadCrc);
        uint crc = Crc32C.Finish(Crc32C.Append(seed, destination[..CrcOffset]));
        BinaryPrimitives.WriteUInt32LittleEndian(destination[CrcOffset..], crc);
    }

    /// <summary>Reads a header that is there as a whole.</summary>
    /// <param name="source">At least <see cref="Size"/> bytes.</param>
    /// <param name="seed">What the header is seeded with at this place.</param>
    /// <param name="maxLength">The longest payload that is taken.</param>
    /// <param name="header">The header, if the status is complete.</param>
    public static FrameStatus TryRead(ReadOnlySpan<byte> source, uint seed, int maxLength, out FrameHeader header)
    {
        header = default;
        source = source[..Size];
        if (CheckMagic(source) is var magic && magic is not FrameStatus.Complete)
            return magic;
        uint crc = Crc32C.Finish(Crc32C.Append(seed, source[..CrcOffset]));
        if (crc != BinaryPrimitives.ReadUInt32LittleEndian(source[CrcOffset..]))
            return FrameStatus.HeaderDamaged;

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]);
        if (length > (uint)maxLength)
            return FrameStatus.TooLong;

        header = new FrameHeader(
            (int)length, (FrameKind)source[8], (Lane)source[9], BinaryPrimitives.ReadUInt32LittleEndian(source[16..]));
        bool isKnown = header.Kind is > FrameKind.None and <= FrameKind.Enlistment
            && header.Lane <= Lane.Bulk
            && !source[10..16].ContainsAnyExcept((byte)0);
        return isKnown ? FrameStatus.Complete : FrameStatus.Unsupported;
    }

    /// <summary>Tells from the first bytes, however few, whether they can begin a frame.</summary>
    public static FrameStatus CheckMagic(ReadOnlySpan<byte> start)
    {
        int length = Math.Min(start.Length, Magic.Length);
        if (start[..length].SequenceEqual(Magic[..length]))
            return FrameStatus.Complete;

        bool isOurs = length == Magic.Length && start[..3].SequenceEqual(Magic[..3]);
        return isOurs ? FrameStatus.UnknownVersion : FrameStatus.NotAFrame;
    }
}
