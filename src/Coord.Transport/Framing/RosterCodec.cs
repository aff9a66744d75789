using System.Buffers.Binary;
using System.Text;
using Coord.Raft;

namespace Coord.Transport.Framing;

/// <summary>The payloads of an inquiry and of its answer. See FORMAT.md.</summary>
internal static class RosterCodec
{
    private const ushort Version = 1;
    private const int InquiryBytes = 8;
    private const int RosterHead = 12;
    private const int MemberHead = 10;

    /// <summary>Encodes the question as a whole frame.</summary>
    public static byte[] EncodeInquiry()
    {
        byte[] payload = new byte[InquiryBytes];
        BinaryPrimitives.WriteUInt16LittleEndian(payload, Version);
        return HandshakeCodec.Frame(FrameKind.Inquiry, Lane.Control, payload);
    }

    /// <summary>Tells whether a question is understood.</summary>
    public static bool IsInquiry(ReadOnlySpan<byte> payload) =>
        payload.Length >= InquiryBytes && BinaryPrimitives.ReadUInt16LittleEndian(payload) >= Version;

    /// <summary>Encodes the answer as a whole frame, with as many members as fit.</summary>
    public static byte[] Encode(PeerRoster roster)
    {
        List<byte> payload = [.. new byte[RosterHead]];
        ushort count = 0;
        foreach (MemberAddress member in roster.Members)
        {
            byte[] address = Encoding.UTF8.GetBytes(member.Address);
            if (payload.Count + MemberHead + address.Length > HandshakeCodec.MaxBytes)
                break;

            byte[] head = new byte[MemberHead];
            BinaryPrimitives.WriteUInt64LittleEndian(head, member.Id.Value);
            BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(8), (ushort)address.Length);
            payload.AddRange(head);
            payload.AddRange(address);
            count++;
        }

        byte[] bytes = [.. payload];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), count);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(4), roster.ClusterId.Value);
        return HandshakeCodec.Frame(FrameKind.Roster, Lane.Control, bytes);
    }

    /// <summary>Reads an answer; null if it does not follow the format.</summary>
    public static PeerRoster? Decode(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < RosterHead || BinaryPrimitives.ReadUInt16LittleEndian(payload) < Version)
            return null;

        int count = BinaryPrimitives.ReadUInt16LittleEndian(payload[2..]);
        ClusterId cluster = new(BinaryPrimitives.ReadUInt64LittleEndian(payload[4..]));
        ReadOnlySpan<byte> rest = payload[RosterHead..];
        List<MemberAddress> members = [];
        for (int i = 0; i < count; i++)
        {
            if (rest.Length < MemberHead)
                return null;

            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest[8..]);
            if (rest.Length < MemberHead + length)
                return null;

            members.Add(new MemberAddress(
                new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(rest)),
                Encoding.UTF8.GetString(rest.Slice(MemberHead, length))));
            rest = rest[(MemberHead + length)..];
        }

        return cluster.Value == 0 || members.Any(member => member.Id.IsNone) ? null : new PeerRoster(cluster, members);
    }
}
