using Coord.Raft.Driver;

namespace Coord.Raft.Tests.Driver;

/// <summary>
/// Bodies that members exchange beside the core's messages: what is written is read, rubbish is refused.
/// </summary>
public sealed class CodecTests
{
    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(5, 10, 5)]
    [InlineData(0, 10, 10)]
    public void A_chunk_is_read_as_it_was_written(long offset, long length, int bytes)
    {
        byte[] body = new byte[SnapshotChunkCodec.ChunkHeader + bytes];
        SnapshotChunkCodec.WriteHeader(body, offset, length);

        Assert.True(SnapshotChunkCodec.TryRead(body, out long readOffset, out long readLength, out var read));
        Assert.Equal((offset, length, bytes), (readOffset, readLength, read.Length));
    }

    [Theory]
    [InlineData(-1, 10, 0)]
    [InlineData(0, 0, 0)]
    [InlineData(0, -5, 0)]
    [InlineData(11, 10, 0)]
    [InlineData(5, 10, 6)]
    [InlineData(long.MaxValue, long.MaxValue, 1)]
    public void A_chunk_outside_its_file_is_refused(long offset, long length, int bytes)
    {
        byte[] body = new byte[SnapshotChunkCodec.ChunkHeader + bytes];
        SnapshotChunkCodec.WriteHeader(body, offset, length);

        Assert.False(SnapshotChunkCodec.TryRead(body, out _, out _, out _));
    }

    [Fact]
    public void An_answer_is_read_as_it_was_written_and_refused_at_any_other_length()
    {
        byte[] body = SnapshotChunkCodec.WriteResponse(SnapshotChunkStatus.Refused, 77).ToArray();

        Assert.True(SnapshotChunkCodec.TryReadResponse(body, out SnapshotChunkStatus status, out long received));
        Assert.Equal((SnapshotChunkStatus.Refused, 77L), (status, received));
        for (int length = 0; length < body.Length; length++)
            Assert.False(SnapshotChunkCodec.TryReadResponse(body.AsMemory(0, length), out _, out _));

        body[1] = 9;
        Assert.False(SnapshotChunkCodec.TryReadResponse(body, out _, out _));
    }

    [Fact]
    public void A_membership_change_cannot_come_in_as_a_forwarded_proposal()
    {
        Assert.True(ForwardCodec.TryReadRequest(new byte[] { 1, (byte)EntryKind.Command, 7 }, out _, out var payload));
        Assert.Equal(1, payload.Length);
        Assert.False(ForwardCodec.TryReadRequest(new byte[] { 1, (byte)EntryKind.Membership, 7 }, out _, out _));
        Assert.False(ForwardCodec.TryReadRequest(new byte[] { 1, 200, 7 }, out _, out _));
        Assert.False(ForwardCodec.TryReadRequest(new byte[] { 2, (byte)EntryKind.Command, 7 }, out _, out _));
        Assert.False(ForwardCodec.TryReadRequest(new byte[] { 1 }, out _, out _));
    }
}
