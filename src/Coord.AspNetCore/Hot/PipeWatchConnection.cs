using System.Buffers;
using System.IO.Pipelines;
using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.Core;

namespace Coord.AspNetCore.Hot;

/// <summary>A stream of watches over gRPC, whose answers are written straight into the body of the response.</summary>
/// <remarks>
/// The library's own writer makes a message, a task and a call through its layers of each event: five times the work.
/// </remarks>
internal sealed class PipeWatchConnection(IAsyncStreamReader<WatchRequest> requests, PipeWriter body) : IWatchConnection
{
    /// <summary>How much may wait to be pushed out: a long history has always one more behind.</summary>
    private const int MaxBufferedBytes = 64 * 1024;

    private const int MaxHeadBytes = GrpcFrame.PrefixBytes + AnswerHeader.MaxBytes + 11;

    private int _bufferedBytes;

    public async ValueTask<WatchRequest?> ReadAsync(CancellationToken cancellationToken) =>
        await requests.MoveNext(cancellationToken).ConfigureAwait(false) ? requests.Current : null;

    public ValueTask WriteAsync(WatchResponse response, CancellationToken cancellationToken)
    {
        int size = response.CalculateSize();
        Span<byte> bytes = body.GetSpan(GrpcFrame.PrefixBytes + size);
        GrpcFrame.WritePrefix(bytes, size);
        response.WriteTo(bytes.Slice(GrpcFrame.PrefixBytes, size));
        body.Advance(GrpcFrame.PrefixBytes + size);
        return WrittenAsync(GrpcFrame.PrefixBytes + size, cancellationToken);
    }

    public ValueTask WriteEventsAsync(
        AnswerHeader header, long watchId, ReadOnlyMemory<byte> events, CancellationToken cancellationToken)
    {
        int size = header.FieldSize + WireSpan.SizeOfNumber((ulong)watchId) + events.Length;
        Span<byte> head = body.GetSpan(MaxHeadBytes);
        GrpcFrame.WritePrefix(head, size);
        WireSpan wire = new(head[GrpcFrame.PrefixBytes..]);
        header.Write(ref wire);
        wire.Number(2, watchId);
        body.Advance(GrpcFrame.PrefixBytes + wire.Written);
        body.Write(events.Span);
        return WrittenAsync(GrpcFrame.PrefixBytes + size, cancellationToken);
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _bufferedBytes = 0;
        await body.FlushAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private ValueTask WrittenAsync(int bytes, CancellationToken cancellationToken)
    {
        _bufferedBytes += bytes;
        return _bufferedBytes < MaxBufferedBytes ? ValueTask.CompletedTask : FlushAsync(cancellationToken);
    }
}
