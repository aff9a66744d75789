using Coord.AspNetCore.Handlers;
using Coord.AspNetCore.Hot;
using Coord.Kv;
using Coord.Protocol.Etcd;
using FsCheck;
using FsCheck.Xunit;
using Google.Protobuf;
using Event = Coord.Protocol.Etcd.Event;
using KeyValue = Coord.Kv.KeyValue;

namespace Coord.AspNetCore.Tests;

/// <summary>What is encoded by hand is, byte for byte, what the generated messages are encoded as.</summary>
public sealed class EncodingTests
{
    [Property(MaxTest = 300)]
    public void A_response_with_events_is_what_the_message_would_be(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        WatchEvent[] events = [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomEvent(random))];
        AnswerHeader header = new(
            (ulong)Number(random), (ulong)Number(random), Number(random), (ulong)Number(random));
        long id = Number(random);

        EncodedEvents encoded = new();
        ReadOnlySpan<byte> bytes = encoded.Of(events).Span;
        WatchResponse expected = new() { WatchId = id, Header = Message(header) };
        expected.Events.AddRange(events.Select(Message));
        Assert.Equal(expected, Wire.Response(header, id, bytes));

        byte[] head = new byte[header.FieldSize + WireSpan.SizeOfNumber((ulong)id)];
        WireSpan wire = new(head);
        header.Write(ref wire);
        wire.Number(2, id);
        Assert.Equal(head.Length, wire.Written);
        Assert.InRange(header.FieldSize, 1, AnswerHeader.MaxBytes);
        Assert.Equal(expected.ToByteArray(), head.Concat(bytes.ToArray()));
    }

    [Fact]
    public void The_same_events_are_encoded_once_and_others_anew()
    {
        Random random = new(1);
        EncodedEvents encoded = new();
        WatchEvent[] first = [RandomEvent(random)], second = [RandomEvent(random), RandomEvent(random)];
        byte[] once = encoded.Of(first).ToArray();
        Assert.True(encoded.Of(first).Equals(encoded.Of(first)));
        byte[] other = encoded.Of(second).ToArray();
        Assert.NotEqual(once, other);
        Assert.Equal(once, encoded.Of(first).ToArray());
        encoded.Clear();
        Assert.Equal(other, encoded.Of(second).ToArray());
        Assert.Empty(encoded.Of([]).ToArray());
    }

    [Theory]
    [InlineData(0UL, 1)]
    [InlineData(127UL, 1)]
    [InlineData(128UL, 2)]
    [InlineData(16383UL, 2)]
    [InlineData(16384UL, 3)]
    [InlineData((1UL << 63) - 1, 9)]
    [InlineData(1UL << 63, 10)]
    [InlineData(ulong.MaxValue, 10)]
    public void A_number_takes_a_byte_for_each_seven_bits(ulong value, int bytes) =>
        Assert.Equal(bytes, WireSpan.SizeOfVarint(value));

    private static ResponseHeader Message(AnswerHeader header) => new()
    {
        ClusterId = header.ClusterId,
        MemberId = header.MemberId,
        Revision = header.Revision,
        RaftTerm = header.RaftTerm,
    };

    private static Event Message(WatchEvent change) => new()
    {
        Type = change.Kind is WatchEventKind.Delete ? Event.Types.EventType.Delete : Event.Types.EventType.Put,
        Kv = Wire.KeyValue(change.KeyValue),
        PrevKv = change.Previous is null ? null : Wire.KeyValue(change.Previous),
    };

    private static WatchEvent RandomEvent(Random random) => new(
        random.Next(2) == 0 ? WatchEventKind.Put : WatchEventKind.Delete,
        RandomPair(random),
        random.Next(2) == 0 ? null : RandomPair(random));

    private static KeyValue RandomPair(Random random) => new(
        Bytes(random), Bytes(random), new(Number(random)), new(Number(random)), Number(random), new(Number(random)));

    private static byte[] Bytes(Random random)
    {
        byte[] bytes = new byte[random.Next(3) == 0 ? random.Next(20_000) : random.Next(4)];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Numbers of all lengths, and zero. Those of leases and watches can be negative.</summary>
    private static long Number(Random random) => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);
}
