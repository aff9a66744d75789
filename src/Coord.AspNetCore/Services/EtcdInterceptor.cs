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

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        MethodCounters counters = metrics.Begin(context.Method, "unary");
        StatusCode code = StatusCode.OK;
        try
        {
            bool forLearners = request is StatusRequest or RangeRequest { Serializable: true };
            member.Admit(forLearners, RequiresLeader(context));
            return await continuation(request, context).ConfigureAwait(false);
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

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        MethodCounters counters = metrics.Begin(context.Method, "server_stream");
        StatusCode code = StatusCode.OK;
        try
        {
            member.Admit(forLearners: request is SnapshotRequest, RequiresLeader(context));
            await continuation(request, responseStream, context).ConfigureAwait(false);
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

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        MethodCounters counters = metrics.Begin(context.Method, "bidi_stream");
        StatusCode code = StatusCode.OK;
        try
        {
            member.Admit(forLearners: false, RequiresLeader(context));
            await continuation(requestStream, responseStream, context).ConfigureAwait(false);
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

    private static RpcException Translate(Exception exception, ServerCallContext context)
    {
        // A call that its client has given up is "cancelled", whatever that broke on the way.
        EtcdError error = context.CancellationToken.IsCancellationRequested
            ? new EtcdError(StatusCode.Cancelled, "context canceled")
            : ErrorTable.Find(exception);
        return new RpcException(new Status(error.Code, error.Text));
    }
}
