using System.Buffers.Binary;
using System.Text;
using Coord.Raft;
using Coord.Shared;

namespace Coord.Transport.Framing;

/// <summary>The payloads of the frames of a handshake. See FORMAT.md.</summary>
/// <remarks>
/// Their layout never changes, or members of two versions could not even tell each other that they differ. A reader
/// ignores bytes behind the fields that it knows.
/// </remarks>
internal static class HandshakeCodec
{
    /// <summary>The longest payload of a handshake's frame that is read.</summary>
    public const int MaxBytes = 4096;

    private const int HelloBytes = 96;
    private const int MaxAddressBytes = 1024;
    private const int MaxTextBytes = 1024;

    /// <summary>Returns the number that makes the frames of one direction of a connection its own.</summary>
    /// <param name="sender">The connection nonce of who sends the frames.</param>
    /// <param name="receiver">The connection nonce of who receives them.</param>
    public static uint Epoch(ulong sender, ulong receiver)
    {
        Span<byte> nonces = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(nonces, sender);
        BinaryPrimitives.WriteUInt64LittleEndian(nonces[8..], receiver);
        return Crc32C.Compute(nonces);
    }

    /// <summary>Encodes a hello or a welcome as a whole frame.</summary>
    public static byte[] Encode(FrameKind kind, in Hello hello)
    {
        byte[] address = Utf8(hello.Peer.Address, MaxAddressBytes);
        byte[] payload = new byte[HelloBytes + address.Length];
        Span<byte> bytes = payload;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, hello.MinVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], hello.MaxVersion);
        bytes[4] = (byte)hello.Lane;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], hello.Peer.ClusterId.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], hello.Peer.NodeId.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], hello.Target.Value);
        hello.Peer.DirectoryId.TryWriteBytes(bytes[32..]);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[48..], hello.Peer.BootId);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[56..], hello.ConnectionNonce);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[64..], hello.Peer.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[72..], hello.Peer.LastLog.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[80..], hello.Peer.LastLog.Index.Value);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[88..], (ushort)address.Length);
        address.CopyTo(bytes[HelloBytes..]);
        return Frame(kind, hello.Lane, payload);
    }

    /// <summary>Reads a hello or a welcome.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> payload, out Hello hello)
    {
        hello = default;
        if (payload.Length < HelloBytes)
            return false;

        int addressBytes = BinaryPrimitives.ReadUInt16LittleEndian(payload[88..]);
        if (addressBytes > MaxAddressBytes || payload.Length < HelloBytes + addressBytes)
            return false;

        PeerHello peer = new(
            new ClusterId(BinaryPrimitives.ReadUInt64LittleEndian(payload[8..])),
            new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(payload[16..])),
            new Guid(payload.Slice(32, 16)),
            new Term(BinaryPrimitives.ReadInt64LittleEndian(payload[64..])),
            new EntryId(
                new Term(BinaryPrimitives.ReadInt64LittleEndian(payload[72..])),
                new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(payload[80..]))),
            Encoding.UTF8.GetString(payload.Slice(HelloBytes, addressBytes)))
        {
            BootId = BinaryPrimitives.ReadUInt64LittleEndian(payload[48..]),
        };
        hello = new Hello(
            BinaryPrimitives.ReadUInt16LittleEndian(payload),
            BinaryPrimitives.ReadUInt16LittleEndian(payload[2..]),
            (Lane)payload[4],
            new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(payload[24..])),
            BinaryPrimitives.ReadUInt64LittleEndian(payload[56..]),
            peer);
        return hello.MinVersion <= hello.MaxVersion
            && hello.Lane <= Lane.Bulk
            && !peer.NodeId.IsNone
            && peer.Term >= Term.Zero && peer.LastLog.Term >= Term.Zero && peer.LastLog.Index >= LogIndex.Zero;
    }

    /// <summary>Encodes a refusal as a whole frame.</summary>
    public static byte[] Encode(Lane lane, in Refusal refusal)
    {
        byte[] text = Utf8(refusal.Text, MaxTextBytes);
        byte[] payload = [(byte)refusal.Reason, 0, 0, 0, .. text];
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(2), (ushort)text.Length);
        return Frame(FrameKind.Refusal, lane, payload);
    }

    /// <summary>Reads a refusal; one that is not understood is a refusal too.</summary>
    public static Refusal DecodeRefusal(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 4)
            return new Refusal(RefusalReason.Unknown, "It gave no reason.");

        int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(payload[2..]), payload.Length - 4);
        string text = Encoding.UTF8.GetString(payload.Slice(4, Math.Min(length, MaxTextBytes)));
        // It goes into a log: no line of it may look like one of ours.
        string line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        RefusalReason reason = (RefusalReason)payload[0];
        return new Refusal(Enum.IsDefined(reason) ? reason : RefusalReason.Unknown, line);
    }

    /// <summary>Puts a payload into a frame of the handshake.</summary>
    public static byte[] Frame(FrameKind kind, Lane lane, byte[] payload)
    {
        byte[] frame = new byte[FrameHeader.Size + payload.Length];
        payload.CopyTo(frame, FrameHeader.Size);
        uint crc = Crc32C.Compute(payload);
        new FrameHeader(payload.Length, kind, lane, crc).Write(frame, FrameHeader.Seed(0, 0));
        return frame;
    }

    private static byte[] Utf8(string text, int maxBytes)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return bytes.Length <= maxBytes ? bytes : bytes[..maxBytes];
    }
}
