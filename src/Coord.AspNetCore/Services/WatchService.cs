using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>The Watch service over gRPC.</summary>
internal sealed class WatchService(WatchHandler handler, StreamScope scope) : Watch.WatchBase
{
    public override Task Watch(
        IAsyncStreamReader<WatchRequest> requestStream,
        IServerStreamWriter<WatchResponse> responseStream,
        ServerCallContext context)
    {
        Connection connection = new(requestStream, responseStream);
        return scope.RunAsync(
            EtcdInterceptor.RequiresLeader(context),
            cancellationToken => handler.RunAsync(connection, cancellationToken),
            context.CancellationToken);
    }

    private sealed class Connection(
        IAsyncStreamReader<WatchRequest> requests, IServerStreamWriter<WatchResponse> responses) : IWatchConnection
    {
        private static readonly WriteOptions Buffered = new(WriteFlags.BufferHint);
        private static readonly WriteOptions Pushed = new();

        public async ValueTask<WatchRequest?> ReadAsync(CancellationToken cancellationToken) =>
            await requests.MoveNext(cancellationToken).ConfigureAwait(false) ? requests.Current : null;

        public Task WriteAsync(WatchResponse response, bool more, CancellationToken cancellationToken)
        {
            responses.WriteOptions = more ? Buffered : Pushed;
            return responses.WriteAsync(response, cancellationToken);
        }
    }
}
