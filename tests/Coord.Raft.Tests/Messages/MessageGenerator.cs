using System.Buffers;

namespace Coord.Raft.Tests.Messages;

/// <summary>Makes valid messages of every kind, encodes them and cuts bytes into segments.</summary>
internal sealed class MessageGenerator(int seed)
{
    private readonly Random _random = new(seed);

    public Message Next() => Next((MessageKind)_random.Next(1, (int)MessageKind.RepairResponse + 1));

    public Message Next(MessageKind kind)
    {
        long term = _random.NextInt64(1, 1_000_000);
        EntryId log = new(new Term(_random.NextInt64(0, term + 1)), new LogIndex(_random.NextInt64(0, 1L << 40)));
        bool hasSnapshot = kind is MessageKind.Snapshot or MessageKind.SnapshotChunk;
        return new Message
        {
            Kind = kind,
            From = new NodeId((ulong)_random.NextInt64(1, long.MaxValue)),
            To = new NodeId(ulong.MaxValue),
            Term = new Term(term),
            Log = log,
            Commit = new LogIndex(_random.NextInt64(0, 1L << 40)),
            Reject = _random.Next(2) == 0,
            Hint = new EntryId(new Term(_random.Next()), new LogIndex(_random.Next())),
            Context = (ulong)_random.NextInt64(),
            Session = new LogIndex(_random.Next()),
            Entries = kind is MessageKind.Append ? Entries(log, term) : default,
            Snapshot = hasSnapshot ? Snapshot() : null,
            Payload = kind >= MessageKind.SnapshotChunk ? Bytes(_random.Next(0, 2_000)) : default,
        };
    }

    public byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    public static byte[] Encode(in Message message)
    {
        ArrayBufferWriter<byte> writer = new();
        MessageCodec.Write(message, writer);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>The same bytes in up to six pieces, cut anywhere.</summary>
    public ReadOnlySequence<byte> Cut(byte[] bytes)
    {
        int count = _random.Next(0, 6);
        return Sequence(
            bytes, [.. Enumerable.Range(0, count).Select(_ => _random.Next(0, bytes.Length + 1)).Order()]);
    }

    public static ReadOnlySequence<byte> Sequence(ReadOnlyMemory<byte> bytes, params int[] cuts)
    {
        if (cuts.Length == 0)
            return new ReadOnlySequence<byte>(bytes);

        Segment first = new(bytes[..cuts[0]], 0);
        Segment last = first;
        for (int i = 0; i < cuts.Length; i++)
            last = last.Append(bytes[cuts[i]..(i + 1 < cuts.Length ? cuts[i + 1] : bytes.Length)]);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private Entry[] Entries(EntryId log, long term)
    {
        var entries = new Entry[_random.Next(0, 20)];
        Term at = new(Math.Max(1, log.Term.Value));
        for (int i = 0; i < entries.Length; i++)
        {
            at = new Term(_random.Next(4) == 0 ? _random.NextInt64(at.Value, term + 1) : at.Value);
            entries[i] = new Entry(
                new EntryId(at, log.Index + (i + 1)), (EntryKind)_random.Next(0, 5), Bytes(_random.Next(0, 300)));
        }

        return entries;
    }

    private SnapshotMetadata Snapshot() => new(
        new EntryId(new Term(_random.Next(1, 100)), new LogIndex(_random.Next(1, 1000))),
        new Membership
        {
            Voters = [new(1), new(2), new(3)],
            Learners = [new(4)],
            Members = [.. Enumerable.Range(1, 4).Select(i => new Member(new((ulong)i), new(i), $"host{i}:7400"))],
            Version = new LogIndex(9),
        });

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
