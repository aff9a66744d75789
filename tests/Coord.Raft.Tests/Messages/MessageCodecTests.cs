using System.Buffers;
using System.Buffers.Binary;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Raft.Tests.Messages;

/// <summary>
/// The wire format: what is written is read, and nothing else is. A peer's bytes are hostile, so a reading never
/// throws, allocates no more than it was sent, and leaves no reference behind.
/// </summary>
public sealed class MessageCodecTests
{
    [Property(MaxTest = 500)]
    public void What_is_written_is_read(DoNotSize<int> seed)
    {
        MessageGenerator generator = new(seed.Item);
        using EntryArena arena = new(new EntryBlockPool());
        Message written = generator.Next();

        byte[] bytes = MessageGenerator.Encode(written);
        Assert.Equal(bytes.Length, MessageCodec.GetSize(written));
        Assert.True(MessageCodec.TryRead(generator.Cut(bytes), arena, out Message read));

        AssertEqual(written, read);
        MessageCodec.Discard(read);
    }

    [Fact]
    public void Every_cut_of_the_bytes_into_two_segments_reads_the_same()
    {
        MessageGenerator generator = new(7);
        using EntryArena arena = new(new EntryBlockPool());
        foreach (MessageKind kind in Enum.GetValues<MessageKind>().Skip(1))
        {
            Message written = generator.Next(kind);
            byte[] bytes = MessageGenerator.Encode(written);
            for (int cut = 0; cut <= bytes.Length; cut++)
            {
                Assert.True(MessageCodec.TryRead(MessageGenerator.Sequence(bytes, cut), arena, out Message read));
                AssertEqual(written, read);
                MessageCodec.Discard(read);
            }
        }
    }

    [Fact]
    public void A_message_that_is_a_byte_too_short_or_too_long_is_refused()
    {
        MessageGenerator generator = new(3);
        using EntryArena arena = new(new EntryBlockPool());
        foreach (MessageKind kind in Enum.GetValues<MessageKind>().Skip(1))
        {
            byte[] bytes = MessageGenerator.Encode(generator.Next(kind));
            for (int length = 0; length < bytes.Length; length++)
                Assert.False(MessageCodec.TryRead(new(bytes.AsMemory(0, length)), arena, out _), $"{kind} {length}");

            Assert.False(MessageCodec.TryRead(new([.. bytes, 0]), arena, out _));
        }
    }

    [Theory]
    [InlineData(0, 2)] // version
    [InlineData(0, 0)]
    [InlineData(1, 0)] // kind
    [InlineData(1, 22)]
    [InlineData(1, 255)]
    [InlineData(2, 4)] // flags
    [InlineData(2, 2)] // a snapshot that is not there
    [InlineData(3, 1)] // reserved
    [InlineData(4, 1)] // group
    [InlineData(31, 0x80)] // negative term
    [InlineData(31, 0x40)] // term above the largest
    [InlineData(39, 0x80)] // log
    [InlineData(47, 0x80)]
    [InlineData(47, 0x7f)]
    [InlineData(55, 0x80)] // commit
    [InlineData(55, 0x7f)]
    [InlineData(63, 0x80)] // hint
    [InlineData(71, 0x80)]
    [InlineData(87, 0xff)] // session
    [InlineData(91, 0x80)] // negative numbers of entries and bytes
    [InlineData(95, 0x80)]
    [InlineData(99, 0x80)]
    [InlineData(88, 1)] // more than there are
    [InlineData(92, 1)]
    [InlineData(96, 1)]
    [InlineData(100, 1)] // reserved
    public void A_heartbeat_with_a_hostile_header_is_refused(int offset, byte value)
    {
        byte[] bytes = MessageGenerator.Encode(Heartbeat());
        Assert.True(Reads(bytes));
        bytes[offset] = value;
        Assert.False(Reads(bytes));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    public void A_message_from_or_to_nobody_is_refused(int offset)
    {
        byte[] bytes = MessageGenerator.Encode(Heartbeat());
        bytes.AsSpan(offset, 8).Clear();
        Assert.False(Reads(bytes));
    }

    [Theory]
    [InlineData(0, 4)] // a term below the one before
    [InlineData(0, 10)] // a term above the message's
    [InlineData(7, 0x80)] // negative
    [InlineData(8, 200)] // longer than what is there
    [InlineData(11, 0x80)] // negative length
    [InlineData(12, 5)] // unknown kind
    [InlineData(13, 1)] // reserved
    public void An_entry_with_a_hostile_header_is_refused_and_leaves_no_reference(int offset, byte value)
    {
        byte[] bytes = MessageGenerator.Encode(Append(count: 3));
        Assert.True(Reads(bytes));
        bytes[MessageCodec.HeaderBytes + MessageCodec.EntryHeaderBytes + offset] = value; // the second of three
        Assert.False(Reads(bytes));
    }

    [Fact]
    public void Entries_in_another_message_than_an_append_are_refused()
    {
        byte[] bytes = MessageGenerator.Encode(Append(count: 2));
        bytes[1] = (byte)MessageKind.Heartbeat;
        Assert.False(Reads(bytes));
        Assert.Throws<ArgumentException>(
            () => MessageGenerator.Encode(Append(count: 2) with { Kind = MessageKind.Heartbeat }));
    }

    [Fact]
    public void Entries_that_do_not_follow_the_log_position_are_not_written() =>
        Assert.Throws<ArgumentException>(
            () => MessageGenerator.Encode(Append(count: 2) with { Log = new EntryId(new Term(5), new LogIndex(8)) }));

    [Theory]
    [InlineData(88)]
    [InlineData(92)]
    [InlineData(96)]
    public void A_length_that_is_not_there_costs_no_memory(int offset)
    {
        byte[] bytes = MessageGenerator.Encode(Append(count: 3));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(offset), int.MaxValue);
        using EntryArena arena = new(new EntryBlockPool());
        ReadOnlySequence<byte> source = new(bytes);
        MessageCodec.TryRead(source, arena, out _);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(MessageCodec.TryRead(source, arena, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);
    }

    [Fact]
    public void The_most_entries_are_read_and_one_more_is_refused()
    {
        Assert.True(Reads(MessageGenerator.Encode(Append(MessageCodec.MaxEntries, payload: 0))));
        Assert.False(Reads(MessageGenerator.Encode(Append(MessageCodec.MaxEntries + 1, payload: 0))));
    }

    /// <summary>
    /// A snapshot's metadata may be followed by unknown fields; skipping them must not eat the stack.
    /// </summary>
    [Fact]
    public void Deeply_nested_metadata_is_skipped()
    {
        Message message = new MessageGenerator(1).Next(MessageKind.SnapshotChunk) with { Payload = default };
        byte[] bytes = MessageGenerator.Encode(message);
        byte[] nested = [.. Enumerable.Repeat((byte)0x91, 1_000_000), 0xc0];
        byte[] bomb = [.. bytes, .. nested];
        bomb[MessageCodec.HeaderBytes] = 0x95; // five fields instead of four
        BinaryPrimitives.WriteInt32LittleEndian(bomb.AsSpan(92), bomb.Length - MessageCodec.HeaderBytes);
        Assert.True(Reads(bomb));
    }

    [Fact]
    public void Released_entries_are_gone_and_those_of_a_log_are_not()
    {
        using EntryArena arena = new(new EntryBlockPool());
        Message log = Append(count: 3);
        Assert.True(MessageCodec.TryRead(new(MessageGenerator.Encode(log)), arena, out Message read));
        foreach (Entry entry in read.Entries.Span)
            entry.Block!.Release();

        MessageCodec.Release(read);
        Assert.Throws<ObjectDisposedException>(() => read.Entries.Span.Length);
        MessageCodec.Release(log);
        Assert.Equal(3, log.Entries.Span.Length);
    }

    [Fact]
    public void A_steady_flow_of_appends_allocates_nothing()
    {
        using EntryArena arena = new(new EntryBlockPool());
        Message append = Append(count: 64);
        ArrayBufferWriter<byte> writer = new(64 * 1024);
        MessageCodec.Write(append, writer);
        ReadOnlySequence<byte> source = new(writer.WrittenMemory);
        for (int i = 0; i < 200; i++)
            Turn(); // Until the pools are filled.

        // The least of several measurements: a collection trims the shared array pool, which then has to be filled
        // again, once. What an append itself allocates, it allocates every time.
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 400; i++)
                Turn();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);

        void Turn()
        {
            writer.ResetWrittenCount();
            MessageCodec.Write(append, writer);
            MessageCodec.TryRead(source, arena, out Message read);
            MessageCodec.Discard(read);
        }
    }

    /// <summary>
    /// Reads once, and checks that whatever was taken can come back: a leaked reference would keep the pool's only
    /// block away from it.
    /// </summary>
    internal static bool Reads(byte[] bytes)
    {
        EntryBlockPool pool = new();
        EntryBlock only = pool.Rent();
        only.Release();
        bool isRead;
        using (EntryArena arena = new(pool))
        {
            isRead = MessageCodec.TryRead(new(bytes), arena, out Message message);
            if (isRead)
                MessageCodec.Discard(message);
            else
                Assert.Equal(default, message);
        }

        Assert.Same(only, pool.Rent());
        return isRead;
    }

    internal static Message Append(int count, int payload = 100) => new()
    {
        Kind = MessageKind.Append,
        From = new(1),
        To = new(2),
        Term = new(9),
        Log = new EntryId(new Term(5), new LogIndex(7)),
        Entries = Enumerable.Range(0, count)
            .Select(i => new Entry(new EntryId(new(6), new(8 + i)), EntryKind.Command, new byte[payload]))
            .ToArray(),
    };

    private static Message Heartbeat() => new()
    {
        Kind = MessageKind.Heartbeat,
        From = new(1),
        To = new(2),
        Term = new(3),
        Commit = new(4),
        Context = 5,
    };

    private static void AssertEqual(in Message written, in Message read)
    {
        Assert.Equal(written.Payload.ToArray(), read.Payload.ToArray());
        Assert.Equal(written.Entries.Length, read.Entries.Length);
        for (int i = 0; i < written.Entries.Length; i++)
        {
            Entry entry = read.Entries.Span[i];
            Assert.Equal(written.Entries.Span[i].ToString(), entry.ToString());
            Assert.Equal(written.Entries.Span[i].Payload.ToArray(), entry.Payload.ToArray());
            Assert.NotNull(entry.Block);
        }

        Assert.Equal(written.Snapshot?.LastIncluded, read.Snapshot?.LastIncluded);
        Assert.Equal(written.Snapshot?.Membership.Voters.ToArray(), read.Snapshot?.Membership.Voters.ToArray());
        Assert.Equal(written.Snapshot?.Membership.Members.ToArray(), read.Snapshot?.Membership.Members.ToArray());
        Assert.Equal(Rest(written), Rest(read));
    }

    private static Message Rest(in Message message) =>
        message with { Entries = default, Payload = default, Block = null, Snapshot = null };
}
