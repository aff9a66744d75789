using System.Buffers;
using Coord.AspNetCore.Http;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Gateway;

/// <summary>The answers of a stream: each is the member "result" of an object on a line of its own.</summary>
/// <remarks>
/// Each line is also a chunk of its own, whole and alone: etcd sends them so, and there are clients (etcd3gw is one)
/// that take a chunk for a line. So nothing is collected, and a client that does not read stops the stream as soon as
/// Kestrel's buffer is full.
/// </remarks>
internal sealed class GatewayStreamWriter<T>(HttpResponse response) : IServerStreamWriter<T>
    where T : class, IMessage<T>
{
    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        if (!response.HasStarted)
            response.ContentType = PlainAnswer.Json;

        using WireBuffer line = new();
        line.Write("{\"result\":"u8);
        GatewayCodec.Write(message, line);
        line.Write("}\n"u8);
        await response.Body.WriteAsync(line.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the answer, which may be without a line.</summary>
    public async Task CompleteAsync()
    {
        if (!response.HasStarted)
            response.ContentType = PlainAnswer.Json;
        await response.BodyWriter.FlushAsync().ConfigureAwait(false);
    }
}
