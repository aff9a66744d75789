using Coord.AspNetCore.Diagnostics;
using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Coord.AspNetCore.Services;

/// <summary>
/// What all calls have in common: whether this member may answer, how failures look on the wire, and counting.
/// </summary>
internal sealed class EtcdInterceptor(EtcdMember member, CallMetrics metrics) : Interceptor
{
    private const string RequireLeaderKey = "hasleader";

    /// <summary>Tells whether the client wants to hear if there is no leader.</summary>
    public static bool RequiresLeader(ServerCallContext context) =>
        context.RequestHeaders.GetValue(RequireLeaderKey) == "true";

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(
            context,
            "unary",
            forLearners: request is StatusRequest or RangeRequest { Serializable: true },
            () => continuation(request, context));

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(
            context,
            "server_stream",
            forLearners: request is SnapshotRequest,
            () => WithoutResultAsync(continuation(request, responseStream, context)));

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(
            context,
            "bidi_stream",
            forLearners: false,
            () => WithoutResultAsync(continuation(requestStream, responseStream, context)));

    private async Task<T> RunAsync<T>(ServerCallContext context, string type, bool forLearners, Func<Task<T>> run)
    {
        MethodCounters counters = metrics.Begin(context.Method, type);
        StatusCode code = StatusCode.OK;
        try
        {
            member.Admit(forLearners, RequiresLeader(context));
            return await run().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            RpcException failure = Translate(exception, context);
            code = failure.StatusCode;
            throw failure;
        }
        finally
        {
            counters.End(code);
        }
    }

    private static async Task<bool> WithoutResultAsync(Task stream)
    {
        await stream.ConfigureAwait(false);
        return true;
    }

    private static RpcException Translate(Exception exception, ServerCallContext context)
    {
        // A call that its client has given up is "cancelled", whatever that broke on the way.
        EtcdError error = context.CancellationToken.IsCancellationRequested
            ? EtcdError.Canceled
            : ErrorTable.Find(exception);
        return error.ToRpcException();
    }
}
