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
        /// <summary>How much may wait to be pushed out: a long history has always one more behind.</summary>
        private const int MaxBufferedBytes = 64 * 1024;

        private static readonly WriteOptions Buffered = new(WriteFlags.BufferHint);
        private static readonly WriteOptions Pushed = new();

        private int _bufferedBytes;

        public async ValueTask<WatchRequest?> ReadAsync(CancellationToken cancellationToken) =>
            await requests.MoveNext(cancellationToken).ConfigureAwait(false) ? requests.Current : null;

        public Task WriteAsync(WatchResponse response, bool more, CancellationToken cancellationToken)
        {
            _bufferedBytes += response.CalculateSize();
            bool buffered = more && _bufferedBytes < MaxBufferedBytes;
            if (!buffered)
                _bufferedBytes = 0;
            responses.WriteOptions = buffered ? Buffered : Pushed;
            return responses.WriteAsync(response, cancellationToken);
        }
    }
}
