using System.Buffers.Binary;
using System.Text;

namespace Coord.Transport.Framing;

/// <summary>The payload of who wants to be let in as a learner. See FORMAT.md.</summary>
internal static class EnlistmentCodec
{
    public const int SecretBytes = 32;
    private const ushort Version = 1;
    private const int Head = 8 + SecretBytes;
    private const int MaxAddressBytes = 1024;

    /// <summary>Encodes the request as a whole frame.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> secret, string address)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(address);
        byte[] payload = new byte[Head + utf8.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(payload, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(2), (ushort)utf8.Length);
        secret.CopyTo(payload.AsSpan(8, SecretBytes));
        utf8.CopyTo(payload, Head);
        return HandshakeCodec.Frame(FrameKind.Enlistment, Lane.Control, payload);
    }

    /// <summary>Reads a request.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, out ReadOnlyMemory<byte> secret, out string address)
    {
        (secret, address) = (default, "");
        if (payload.Length < Head || BinaryPrimitives.ReadUInt16LittleEndian(payload.Span) < Version)
            return false;

        int length = BinaryPrimitives.ReadUInt16LittleEndian(payload.Span[2..]);
        if (length is 0 or > MaxAddressBytes || payload.Length < Head + length)
            return false;

        secret = payload.Slice(8, SecretBytes);
        address = Encoding.UTF8.GetString(payload.Span.Slice(Head, length));

        // It goes into the membership of all: only what is surely an address in the one way of writing.
        return PeerAddress.TryParse(address, out PeerAddress parsed) && parsed.ToString() == address
            && Uri.CheckHostName(parsed.Host) is not UriHostNameType.Unknown && parsed.Port > 0;
    }
}
