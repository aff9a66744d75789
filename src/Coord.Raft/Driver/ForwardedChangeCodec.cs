using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using MessagePack;

namespace Coord.Raft.Driver;

/// <summary>Bodies of <see cref="MessageKind.ForwardChange"/> and its response; see FORMAT.md.</summary>
/// <remarks>
/// Request: version (1 byte), whether to wait for promotions (1), the expected version of the membership (8), and the
/// wanted membership as <see cref="MembershipCodec"/> writes one. Response: version (1), status (1), the reason of a
/// refusal (1), and the membership that was reached or a sentence in UTF-8. Little-endian.
/// </remarks>
internal static class ForwardedChangeCodec
{
    private const byte Version = 1;
    private const int RequestHeader = 10;
    private const int ResponseHeader = 3;

    /// <summary>A sentence is cut here; all of ours are shorter.</summary>
    private const int MaxTextBytes = 1024;

    /// <summary>Encodes a wanted membership, which has to be valid in itself.</summary>
    public static void WriteRequest(IBufferWriter<byte> buffer, MembershipTarget target, LogIndex expectedVersion)
    {
        Span<byte> header = buffer.GetSpan(RequestHeader);
        header[0] = Version;
        header[1] = target.AwaitsPromotion ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(header[2..], expectedVersion.Value);
        buffer.Advance(RequestHeader);

        IEnumerable<Member> members =
        [
            .. target.Voters.Concat(target.Learners).Select(member => AsMember(member, isWitness: false)),
            .. target.Witnesses.Select(member => AsMember(member, isWitness: true)),
        ];
        Write(buffer, new Membership
        {
            Voters = [.. target.Voters.Concat(target.Witnesses).Select(member => member.Id).Order()],
            Learners = [.. target.Learners.Select(member => member.Id).Order()],
            Members = [.. members.OrderBy(member => member.Id)],
        });
    }

    /// <summary>Reads a wanted membership.</summary>
    public static bool TryReadRequest(
        ReadOnlyMemory<byte> body, out MembershipTarget target, out LogIndex expectedVersion)
    {
        target = new MembershipTarget();
        expectedVersion = default;
        if (body.Length < RequestHeader || body.Span[0] != Version || body.Span[1] > 1)
            return false;

        expectedVersion = new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(body.Span[2..]));
        MessagePackReader reader = new(body[RequestHeader..]);
        if (!MembershipCodec.TryRead(ref reader, out Membership wanted) || !reader.End)
            return false;

        target = new MembershipTarget
        {
            Voters = Select(wanted, member => !member.IsWitness && wanted.Voters.Contains(member.Id)),
            Witnesses = Select(wanted, member => member.IsWitness && wanted.Voters.Contains(member.Id)),
            Learners = Select(wanted, member => wanted.Learners.Contains(member.Id)),
            AwaitsPromotion = body.Span[1] == 1,
        };
        return true;
    }

    /// <summary>Encodes the membership that was reached.</summary>
    public static void WriteReached(IBufferWriter<byte> buffer, Membership reached)
    {
        WriteResponseHeader(buffer, ForwardedChangeStatus.Reached, default);
        Write(buffer, reached);
    }

    /// <summary>Encodes why the membership was not reached.</summary>
    public static void WriteFailure(
        IBufferWriter<byte> buffer, ForwardedChangeStatus status, MembershipRefusal reason, string text)
    {
        WriteResponseHeader(buffer, status, reason);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        buffer.Write(bytes.AsSpan(0, Math.Min(bytes.Length, MaxTextBytes)));
    }

    /// <summary>Reads an answer.</summary>
    public static bool TryReadResponse(
        ReadOnlyMemory<byte> body, out ForwardedChangeStatus status, out MembershipRefusal reason,
        out Membership reached, out string text)
    {
        status = default;
        reason = default;
        reached = Membership.Empty;
        text = "";
        ReadOnlySpan<byte> bytes = body.Span;
        if (bytes.Length < ResponseHeader || bytes[0] != Version || bytes[1] > (byte)ForwardedChangeStatus.Unknown)
            return false;

        status = (ForwardedChangeStatus)bytes[1];
        // A reason that a later version knows is none that a caller of this one could act on.
        reason = bytes[2] <= (byte)MembershipRefusal.QuorumAtRisk ? (MembershipRefusal)bytes[2] : default;
        if (status is not ForwardedChangeStatus.Reached)
        {
            int length = Math.Min(bytes.Length - ResponseHeader, MaxTextBytes);
            text = Encoding.UTF8.GetString(bytes.Slice(ResponseHeader, length));
            return true;
        }

        MessagePackReader reader = new(body[ResponseHeader..]);
        return MembershipCodec.TryRead(ref reader, out reached);
    }

    private static void WriteResponseHeader(
        IBufferWriter<byte> buffer, ForwardedChangeStatus status, MembershipRefusal reason)
    {
        Span<byte> header = buffer.GetSpan(ResponseHeader);
        header[0] = Version;
        header[1] = (byte)status;
        header[2] = (byte)reason;
        buffer.Advance(ResponseHeader);
    }

    private static void Write(IBufferWriter<byte> buffer, Membership membership)
    {
        MessagePackWriter writer = new(buffer);
        MembershipCodec.Write(ref writer, membership);
        writer.Flush();
    }

    private static Member AsMember(MemberAddress member, bool isWitness) =>
        new(member.Id, default, member.Address ?? "", isWitness);

    private static ImmutableArray<MemberAddress> Select(Membership membership, Func<Member, bool> predicate) =>
        [.. membership.Members.Where(predicate).Select(member => new MemberAddress(member.Id, member.Address))];
}
