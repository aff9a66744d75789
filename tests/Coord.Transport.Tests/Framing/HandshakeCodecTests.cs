using Coord.Raft;
using Coord.Transport.Framing;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Transport.Tests.Framing;

/// <summary>The first words between members: they are read as they were meant, or not at all.</summary>
public sealed class HandshakeCodecTests
{
    private static readonly Hello Sample = new(
        1, 3, Lane.Bulk, new NodeId(9), 11,
        new PeerHello(
            new ClusterId(5), new NodeId(6), new Guid("00112233-4455-6677-8899-aabbccddeeff"), new Term(7),
            new EntryId(new Term(6), new LogIndex(8)), "höst:7400")
        {
            BootId = 10,
        });

    [Fact]
    public void A_hello_is_read_as_it_was_written()
    {
        byte[] payload = HandshakeCodec.Encode(FrameKind.Hello, Sample)[FrameHeader.Size..];
        Assert.True(HandshakeCodec.TryDecode(payload, out Hello read));
        Assert.Equal(Sample, read);
    }

    /// <summary>A later version appends fields, and must still be understood when it says hello.</summary>
    [Fact]
    public void What_follows_the_known_fields_is_ignored()
    {
        byte[] payload = HandshakeCodec.Encode(FrameKind.Hello, Sample)[FrameHeader.Size..];
        Assert.True(HandshakeCodec.TryDecode([.. payload, 1, 2, 3], out Hello read));
        Assert.Equal(Sample, read);
    }

    [Fact]
    public void A_hello_that_is_cut_short_is_refused()
    {
        byte[] payload = HandshakeCodec.Encode(FrameKind.Hello, Sample)[FrameHeader.Size..];
        for (int length = 0; length < payload.Length; length++)
            Assert.False(HandshakeCodec.TryDecode(payload.AsSpan(0, length), out _));
    }

    [Theory]
    [InlineData(0, 4)] // oldest version above the newest
    [InlineData(4, 3)] // lane
    [InlineData(71, 0x80)] // negative term
    [InlineData(79, 0x80)]
    [InlineData(87, 0x80)]
    [InlineData(89, 0x10)] // address too long
    public void A_hostile_hello_is_refused(int offset, byte value)
    {
        byte[] payload = [.. HandshakeCodec.Encode(FrameKind.Hello, Sample)[FrameHeader.Size..], .. new byte[4096]];
        payload[offset] = value;
        Assert.False(HandshakeCodec.TryDecode(payload, out _));
    }

    [Property(MaxTest = 300)]
    public void Rubbish_never_throws(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        byte[] rubbish = new byte[random.Next(0, HandshakeCodec.MaxBytes)];
        random.NextBytes(rubbish);
        HandshakeCodec.TryDecode(rubbish, out _);
        HandshakeCodec.DecodeRefusal(rubbish);
    }

    [Fact]
    public void A_refusal_cannot_forge_lines_of_a_log()
    {
        byte[] frame = HandshakeCodec.Encode(Lane.Log, new Refusal(RefusalReason.Busy, "No.\nERROR: all is lost"));
        Refusal read = HandshakeCodec.DecodeRefusal(frame.AsSpan(FrameHeader.Size));
        Assert.Equal(new Refusal(RefusalReason.Busy, "No. ERROR: all is lost"), read);
    }

    [Fact]
    public void An_unknown_reason_is_a_refusal_all_the_same()
    {
        byte[] frame = HandshakeCodec.Encode(Lane.Log, new Refusal((RefusalReason)99, "For a reason of the future."));
        Refusal read = HandshakeCodec.DecodeRefusal(frame.AsSpan(FrameHeader.Size));
        Assert.Equal(new Refusal(RefusalReason.Unknown, "For a reason of the future."), read);
    }

    [Fact]
    public void The_two_directions_of_a_connection_have_different_epochs() =>
        Assert.NotEqual(HandshakeCodec.Epoch(1, 2), HandshakeCodec.Epoch(2, 1));
}
