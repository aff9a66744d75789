using Coord.AspNetCore.Handlers;
using Coord.AspNetCore.Hot;
using Coord.Protocol.Etcd;
using Grpc.AspNetCore.Server;
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
        // Past the library's own writer, but past no other: an interceptor of the host may want to see all messages.
        IWatchConnection connection = responseStream.GetType().Assembly == typeof(GrpcServiceOptions).Assembly
            ? new PipeWatchConnection(requestStream, context.GetHttpContext().Response.BodyWriter)
            : new MessageWatchConnection(requestStream, responseStream);
        return scope.RunAsync(
            EtcdInterceptor.RequiresLeader(context),
            cancellationToken => handler.RunAsync(connection, cancellationToken),
            context.CancellationToken);
    }
}
