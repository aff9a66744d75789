using Coord.AspNetCore.Handlers;
using Coord.AspNetCore.Hot;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>
/// A stream of watches whose answers leave as messages: as JSON, or through what others put in between.
/// </summary>
internal sealed class MessageWatchConnection(
    IAsyncStreamReader<WatchRequest> requests, IServerStreamWriter<WatchResponse> responses) : IWatchConnection
{
    public async ValueTask<WatchRequest?> ReadAsync(CancellationToken cancellationToken) =>
        await requests.MoveNext(cancellationToken).ConfigureAwait(false) ? requests.Current : null;

    public ValueTask WriteAsync(WatchResponse response, CancellationToken cancellationToken) =>
        new(responses.WriteAsync(response, cancellationToken));

    public ValueTask WriteEventsAsync(
        AnswerHeader header, long watchId, ReadOnlyMemory<byte> events, CancellationToken cancellationToken) =>
        WriteAsync(Wire.Response(header, watchId, events.Span), cancellationToken);

    /// <summary>Each message has been pushed out as it was written.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
