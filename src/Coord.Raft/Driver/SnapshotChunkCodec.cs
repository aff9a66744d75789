using System.Buffers.Binary;

namespace Coord.Raft.Driver;

/// <summary>Bodies of snapshot chunks and their answers; see FORMAT.md.</summary>
/// <remarks>
/// Chunk: version (1 byte), offset (8), length of the whole file (8), the bytes; none to ask how much is there.
/// Answer: version (1), status (1), how much has arrived (8). Little-endian.
/// </remarks>
internal static class SnapshotChunkCodec
{
    /// <summary>The size of a chunk's bytes: it fits into a pooled block with its header.</summary>
    public const int MaxChunkBytes = EntryBlockPool.BlockBytes / 2;

    /// <summary>The bytes in front of a chunk.</summary>
    public const int ChunkHeader = 17;

    private const byte Version = 1;
    private const int ResponseBytes = 10;

    /// <summary>Writes a chunk's header.</summary>
    public static void WriteHeader(Span<byte> destination, long offset, long length)
    {
        destination[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(destination[1..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(destination[9..], length);
    }

    /// <summary>Reads a chunk.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> body, out long offset, out long length, out ReadOnlyMemory<byte> bytes)
    {
        offset = length = 0;
        bytes = default;
        if (body.Length < ChunkHeader || body.Span[0] != Version)
            return false;

        offset = BinaryPrimitives.ReadInt64LittleEndian(body.Span[1..]);
        length = BinaryPrimitives.ReadInt64LittleEndian(body.Span[9..]);
        bytes = body[ChunkHeader..];
        return offset >= 0 && length > 0 && offset <= length && bytes.Length <= length - offset;
    }

    /// <summary>Writes an answer.</summary>
    public static ReadOnlyMemory<byte> WriteResponse(SnapshotChunkStatus status, long received)
    {
        byte[] body = new byte[ResponseBytes];
        body[0] = Version;
        body[1] = (byte)status;
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(2), received);
        return body;
    }

    /// <summary>Reads an answer.</summary>
    public static bool TryReadResponse(ReadOnlyMemory<byte> body, out SnapshotChunkStatus status, out long received)
    {
        status = default;
        received = 0;
        if (body.Length != ResponseBytes || body.Span[0] != Version)
            return false;

        status = (SnapshotChunkStatus)body.Span[1];
        received = BinaryPrimitives.ReadInt64LittleEndian(body.Span[2..]);
        return received >= 0 && status <= SnapshotChunkStatus.Refused;
    }
}
