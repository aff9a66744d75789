using System.Buffers;
using BenchmarkDotNet.Attributes;
using Coord.Raft;
using Coord.Shared;

namespace Coord.Benchmarks;

/// <summary>What each entry costs in checksums and encoding, 256 bytes each.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private const int Entries = 64;

    private readonly byte[] _payload = new byte[256];
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly EntryBlockPool _blocks = new();
    private EntryArena _arena = null!;
    private Message _append;
    private byte[] _encoded = [];

    /// <summary>Makes an append of 64 entries.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        _arena = new EntryArena(_blocks);
        Entry[] entries = new Entry[Entries];
        for (int i = 0; i < Entries; i++)
            entries[i] = new Entry(new EntryId(new Term(3), new LogIndex(i + 11)), EntryKind.Command, _payload);

        _append = new Message
        {
            Kind = MessageKind.Append,
            From = new NodeId(1),
            To = new NodeId(2),
            Term = new Term(3),
            Log = new EntryId(new Term(3), new LogIndex(10)),
            Entries = entries,
        };
        MessageCodec.Write(_append, _buffer);
        _encoded = _buffer.WrittenSpan.ToArray();
    }

    /// <summary>Computes the CRC-32C of 256 bytes.</summary>
    [Benchmark]
    public uint Checksum() => Crc32C.Compute(_payload);

    /// <summary>Encodes an entry, in an append of 64.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public void Encode()
    {
        _buffer.ResetWrittenCount();
        MessageCodec.Write(_append, _buffer);
    }

    /// <summary>Decodes an entry into pooled memory, in an append of 64.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public void Decode()
    {
        if (!MessageCodec.TryRead(new ReadOnlySequence<byte>(_encoded), _arena, out Message message))
            throw new InvalidOperationException("What was encoded cannot be decoded.");

        foreach (ref readonly Entry entry in message.Entries.Span)
            entry.Block?.Release();

        MessageCodec.Release(message);
    }
}
