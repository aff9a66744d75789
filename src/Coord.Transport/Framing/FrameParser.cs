using System.Buffers;
using Coord.Shared;

namespace Coord.Transport.Framing;

/// <summary>Finds the frame at the start of a buffer.</summary>
internal static class FrameParser
{
    /// <summary>
    /// Looks for a whole frame; nothing is copied, and nothing is allocated for what is not there yet.
    /// </summary>
    /// <param name="buffer">The bytes; after a complete frame, those behind it.</param>
    /// <param name="seed">What the frame's header is seeded with at this place.</param>
    /// <param name="maxLength">The longest payload that is taken.</param>
    /// <param name="header">The header, as soon as it is there.</param>
    /// <param name="payload">The payload of a complete frame.</param>
    public static FrameStatus TryParse(
        ref ReadOnlySequence<byte> buffer, uint seed, int maxLength,
        out FrameHeader header, out ReadOnlySequence<byte> payload)
    {
        header = default;
        payload = default;
        if (buffer.Length < FrameHeader.Size)
            return CheckStart(buffer);

        FrameStatus status = ReadHeader(buffer, seed, maxLength, out header);
        if (status is not FrameStatus.Complete)
            return status;
        if (buffer.Length < FrameHeader.Size + (long)header.Length)
            return FrameStatus.Incomplete;

        payload = buffer.Slice(FrameHeader.Size, header.Length);
        if (Crc32C.Compute(payload) != header.PayloadCrc)
            return FrameStatus.PayloadDamaged;

        buffer = buffer.Slice(payload.End);
        return FrameStatus.Complete;
    }

    private static FrameStatus ReadHeader(
        in ReadOnlySequence<byte> buffer, uint seed, int maxLength, out FrameHeader header)
    {
        if (buffer.FirstSpan.Length >= FrameHeader.Size)
            return FrameHeader.TryRead(buffer.FirstSpan, seed, maxLength, out header);

        Span<byte> bytes = stackalloc byte[FrameHeader.Size];
        buffer.Slice(0, FrameHeader.Size).CopyTo(bytes);
        return FrameHeader.TryRead(bytes, seed, maxLength, out header);
    }

    // A browser that sends three bytes and waits is turned away as quickly as one that sends a page.
    private static FrameStatus CheckStart(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[(int)Math.Min(buffer.Length, 4)];
        buffer.Slice(0, start.Length).CopyTo(start);
        FrameStatus status = FrameHeader.CheckMagic(start);
        return status is FrameStatus.Complete ? FrameStatus.Incomplete : status;
    }
}
