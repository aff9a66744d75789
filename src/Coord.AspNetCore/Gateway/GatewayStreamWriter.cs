using System.Buffers;
using Coord.AspNetCore.Http;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Gateway;

/// <summary>The answers of a stream: each is the member "result" of an object on a line of its own.</summary>
internal sealed class GatewayStreamWriter<T>(HttpResponse response) : IServerStreamWriter<T>
    where T : class, IMessage<T>
{
    /// <summary>A client that does not read stops the stream when this much and Kestrel's buffer are full.</summary>
    private const int MaxUnsentBytes = 64 * 1024;

    private int _unsentBytes;

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        if (!response.HasStarted)
            response.ContentType = PlainAnswer.Json;

        response.BodyWriter.Write("{\"result\":"u8);
        _unsentBytes += GatewayCodec.Write(message, response.BodyWriter);
        response.BodyWriter.Write("}\n"u8);
        bool more = WriteOptions is { Flags: WriteFlags.BufferHint } && _unsentBytes < MaxUnsentBytes;
        if (!more)
        {
            _unsentBytes = 0;
            await response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the answer, which may be without a line.</summary>
    public async Task CompleteAsync()
    {
        if (!response.HasStarted)
            response.ContentType = PlainAnswer.Json;
        await response.BodyWriter.FlushAsync().ConfigureAwait(false);
    }
}
