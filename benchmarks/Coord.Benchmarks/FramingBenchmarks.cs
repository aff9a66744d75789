using System.Buffers;
using BenchmarkDotNet.Attributes;
using Coord.Shared;
using Coord.Transport.Framing;

namespace Coord.Benchmarks;

/// <summary>What a frame costs besides its payload: header, two checksums, and finding it in a buffer.</summary>
[MemoryDiagnoser]
public class FramingBenchmarks
{
    private const int MaxLength = 1 << 20;

    private byte[] _frame = [];

    /// <summary>Gets or sets the payload's size in bytes.</summary>
    [Params(256, 65_536)]
    public int PayloadBytes { get; set; }

    /// <summary>Makes one sound frame.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        _frame = new byte[FrameHeader.Size + PayloadBytes];
        Write();
    }

    /// <summary>Checksums a payload and writes the header before it.</summary>
    [Benchmark]
    public void Write()
    {
        uint crc = Crc32C.Compute(_frame.AsSpan(FrameHeader.Size));
        FrameHeader header = new(PayloadBytes, FrameKind.Message, Lane.Log, crc);
        header.Write(_frame, FrameHeader.Seed(7, 1));
    }

    /// <summary>Finds a frame at the start of a buffer and checks both checksums.</summary>
    [Benchmark]
    public long Parse()
    {
        ReadOnlySequence<byte> buffer = new(_frame);
        FrameStatus status = FrameParser.TryParse(
            ref buffer, FrameHeader.Seed(7, 1), MaxLength, out _, out ReadOnlySequence<byte> payload);
        return status is FrameStatus.Complete ? payload.Length : throw new InvalidOperationException($"{status}.");
    }
}
