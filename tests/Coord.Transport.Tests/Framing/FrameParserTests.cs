using System.Buffers;
using System.Buffers.Binary;
using Coord.Shared;
using Coord.Transport.Framing;

namespace Coord.Transport.Tests.Framing;

/// <summary>Frames are found wherever the bytes are cut, and nothing but a sound frame is taken for one.</summary>
public sealed class FrameParserTests
{
    private const uint Epoch = 0xC0FFEE;
    private const int MaxLength = 1000;

    [Fact]
    public void A_frame_is_found_at_every_split_of_its_bytes()
    {
        byte[] frame = Frame(Payload(77));
        for (int first = 0; first <= frame.Length; first++)
        {
            for (int second = first; second <= frame.Length; second += 7)
            {
                ReadOnlySequence<byte> bytes = Segments(frame, first, second);
                FrameStatus status = Parse(ref bytes, out FrameHeader header, out ReadOnlySequence<byte> payload);
                Assert.Equal(FrameStatus.Complete, status);
                Assert.Equal((77, FrameKind.Message, Lane.Log), (header.Length, header.Kind, header.Lane));
                Assert.Equal(Payload(77), payload.ToArray());
                Assert.True(bytes.IsEmpty);
            }
        }
    }

    [Fact]
    public void The_beginning_of_a_frame_is_incomplete()
    {
        byte[] frame = Frame(Payload(77));
        for (int length = 0; length < frame.Length; length++)
        {
            ReadOnlySequence<byte> bytes = new(frame, 0, length);
            Assert.Equal(FrameStatus.Incomplete, Parse(ref bytes, out _, out _));
            Assert.Equal(length, bytes.Length);
        }
    }

    [Fact]
    public void What_follows_a_frame_is_left()
    {
        byte[] two = [.. Frame(Payload(5)), .. Frame([], sequence: 2)];
        ReadOnlySequence<byte> bytes = new(two);
        Assert.Equal(FrameStatus.Complete, Parse(ref bytes, out _, out _));
        Assert.Equal(FrameHeader.Size, bytes.Length);
        Assert.Equal(
            FrameStatus.Complete,
            FrameParser.TryParse(ref bytes, FrameHeader.Seed(Epoch, 2), MaxLength, out _, out _));
    }

    [Fact]
    public void Each_flipped_bit_is_noticed_at_once()
    {
        byte[] frame = Frame(Payload(40));
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            byte[] damaged = [.. frame];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            ReadOnlySequence<byte> bytes = new(damaged);
            FrameStatus status = Parse(ref bytes, out _, out _);
            // Not "incomplete": a damaged length would otherwise wait for bytes that nobody sends.
            Assert.True(status is not FrameStatus.Complete and not FrameStatus.Incomplete, $"bit {bit}: {status}");
        }
    }

    [Fact]
    public void A_frame_of_another_connection_or_place_is_damaged()
    {
        byte[] frame = Frame(Payload(4));
        foreach ((uint epoch, uint sequence) in new (uint, uint)[] { (Epoch, 2), (Epoch, 0), (Epoch + 1, 1), (0, 0) })
        {
            ReadOnlySequence<byte> bytes = new(frame);
            Assert.Equal(
                FrameStatus.HeaderDamaged,
                FrameParser.TryParse(ref bytes, FrameHeader.Seed(epoch, sequence), MaxLength, out _, out _));
        }
    }

    [Theory]
    [InlineData(MaxLength, nameof(FrameStatus.Incomplete))]
    [InlineData(MaxLength + 1, nameof(FrameStatus.TooLong))]
    [InlineData(int.MaxValue, nameof(FrameStatus.TooLong))]
    [InlineData(-1, nameof(FrameStatus.TooLong))]
    public void A_payload_above_the_limit_is_refused_by_its_header(int length, string expected)
    {
        byte[] header = new byte[FrameHeader.Size];
        new FrameHeader(length, FrameKind.Message, Lane.Log, 0).Write(header, FrameHeader.Seed(Epoch, 1));
        ReadOnlySequence<byte> bytes = new(header);
        long before = GC.GetAllocatedBytesForCurrentThread();
        FrameStatus status = Parse(ref bytes, out _, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(expected, status.ToString());
    }

    [Theory]
    [InlineData("G", nameof(FrameStatus.NotAFrame))]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", nameof(FrameStatus.NotAFrame))]
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001", nameof(FrameStatus.NotAFrame))]
    [InlineData("CR", nameof(FrameStatus.Incomplete))]
    [InlineData("CRG", nameof(FrameStatus.NotAFrame))]
    [InlineData("CRF2", nameof(FrameStatus.UnknownVersion))]
    public void Other_protocols_are_told_by_their_first_bytes(string text, string expected)
    {
        ReadOnlySequence<byte> bytes = new(System.Text.Encoding.Latin1.GetBytes(text));
        Assert.Equal(expected, Parse(ref bytes, out _, out _).ToString());
    }

    [Theory]
    [InlineData(8, 0)] // kind
    [InlineData(8, 10)]
    [InlineData(9, 3)] // lane
    [InlineData(10, 1)] // flags
    [InlineData(12, 1)] // group
    public void Unknown_fields_are_refused(int offset, byte value)
    {
        byte[] frame = Frame([]);
        frame[offset] = value;
        uint crc = Crc32C.Finish(Crc32C.Append(FrameHeader.Seed(Epoch, 1), frame.AsSpan(0, 20)));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(20), crc);
        ReadOnlySequence<byte> bytes = new(frame);
        Assert.Equal(FrameStatus.Unsupported, Parse(ref bytes, out _, out _));
    }

    /// <summary>The check value of CRC-32C, as the catalogues of checksums give it.</summary>
    [Fact]
    public void The_checksum_is_crc_32c()
    {
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
        ReadOnlySequence<byte> cut = Segments("123456789"u8.ToArray(), 2, 5);
        Assert.Equal(0xE3069283u, Crc32C.Compute(cut));
    }

    private static FrameStatus Parse(
        ref ReadOnlySequence<byte> bytes, out FrameHeader header, out ReadOnlySequence<byte> payload) =>
        FrameParser.TryParse(ref bytes, FrameHeader.Seed(Epoch, 1), MaxLength, out header, out payload);

    private static byte[] Frame(byte[] payload, uint sequence = 1)
    {
        byte[] frame = [.. new byte[FrameHeader.Size], .. payload];
        uint crc = Crc32C.Compute(payload);
        new FrameHeader(payload.Length, FrameKind.Message, Lane.Log, crc)
            .Write(frame, FrameHeader.Seed(Epoch, sequence));
        return frame;
    }

    private static byte[] Payload(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];

    private static ReadOnlySequence<byte> Segments(byte[] bytes, int first, int second)
    {
        Segment head = new(bytes.AsMemory(0, first), 0);
        Segment middle = head.Append(bytes.AsMemory(first, second - first));
        Segment tail = middle.Append(bytes.AsMemory(second));
        return new ReadOnlySequence<byte>(head, 0, tail, tail.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long runningIndex)
        {
            Memory = memory;
            RunningIndex = runningIndex;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            Segment next = new(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
