using System.Buffers;
using System.Buffers.Binary;

namespace Coord.Raft.Driver;

/// <summary>Bodies of <see cref="MessageKind.Forward"/> and its response; see FORMAT.md.</summary>
/// <remarks>
/// Forward: version (1 byte), entry kind (1), the payload. Response: version (1), status (1), term (8), index (8),
/// value (8), the result's bytes. Little-endian.
/// </remarks>
internal static class ForwardCodec
{
    private const byte Version = 1;
    private const int RequestHeader = 2;
    private const int ResponseHeader = 26;

    /// <summary>Sends a proposal to the leader.</summary>
    public static bool SendRequest(
        IRaftTransport transport, ArrayBufferWriter<byte> buffer, NodeId self, Term term, PendingProposal proposal)
    {
        buffer.ResetWrittenCount();
        Span<byte> header = buffer.GetSpan(RequestHeader);
        header[0] = Version;
        header[1] = (byte)proposal.Kind;
        buffer.Advance(RequestHeader);
        buffer.Write(proposal.Payload.Span);
        return transport.TrySend(new Message
        {
            Kind = MessageKind.Forward,
            From = self,
            To = proposal.ForwardedTo,
            Term = term,
            Context = proposal.Context,
            Payload = buffer.WrittenMemory,
        });
    }

    /// <summary>Reads a forwarded proposal.</summary>
    public static bool TryReadRequest(ReadOnlyMemory<byte> body, out EntryKind kind, out ReadOnlyMemory<byte> payload)
    {
        kind = default;
        payload = default;
        if (body.Length < RequestHeader || body.Span[0] != Version)
            return false;

        kind = (EntryKind)body.Span[1];
        payload = body[RequestHeader..];
        // The membership has a door of its own: through this one a member could bypass the leader's checks.
        return kind is EntryKind.Command or EntryKind.SessionCommand or EntryKind.OpenSession or EntryKind.CloseSession;
    }

    /// <summary>Answers the member that forwarded a proposal.</summary>
    public static void SendResponse(
        IRaftTransport transport, ArrayBufferWriter<byte> buffer, NodeId self, PendingProposal proposal,
        ForwardStatus status, in ProposalResult result)
    {
        buffer.ResetWrittenCount();
        Span<byte> header = buffer.GetSpan(ResponseHeader);
        header[0] = Version;
        header[1] = (byte)status;
        BinaryPrimitives.WriteInt64LittleEndian(header[2..], result.Id.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[10..], result.Id.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header[18..], result.Value);
        buffer.Advance(ResponseHeader);
        buffer.Write(result.Payload.Span);
        transport.TrySend(new Message
        {
            Kind = MessageKind.ForwardResponse,
            From = self,
            To = proposal.ForwardedBy,
            Context = proposal.Context,
            Payload = buffer.WrittenMemory,
        });
    }

    /// <summary>Reads an answer; the result's bytes are a copy.</summary>
    public static bool TryReadResponse(ReadOnlyMemory<byte> body, out ForwardStatus status, out ProposalResult result)
    {
        status = default;
        result = default;
        ReadOnlySpan<byte> header = body.Span;
        if (header.Length < ResponseHeader || header[0] != Version)
            return false;

        status = (ForwardStatus)header[1];
        EntryId id = new(
            new Term(BinaryPrimitives.ReadInt64LittleEndian(header[2..])),
            new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(header[10..])));
        result = new ProposalResult(
            id, BinaryPrimitives.ReadInt64LittleEndian(header[18..]), header[ResponseHeader..].ToArray());
        return status <= ForwardStatus.Unknown;
    }
}
