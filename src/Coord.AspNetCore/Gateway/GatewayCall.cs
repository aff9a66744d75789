using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Gateway;

/// <summary>One of the calls that the gateway answers, from the request's body to the end of the answer's.</summary>
internal abstract class GatewayCall(string method)
{
    /// <summary>Gets the call's name, as over gRPC.</summary>
    public string Method { get; } = method;

    /// <summary>Answers a request.</summary>
    public async Task InvokeAsync(HttpContext context, int maxMessageBytes)
    {
        using GatewayBody body = new(context.Request.BodyReader, maxMessageBytes);
        try
        {
            await RunAsync(context, body, new GatewayCallContext(context, Method)).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsGone(context, exception))
        {
            // The client has left: there is nobody to answer.
        }
        catch (JsonFormatException exception)
        {
            await GatewayAnswer.WriteErrorAsync(context, new Status(BadBodyCode, exception.Message))
                .ConfigureAwait(false);
        }
        catch (RpcException exception)
        {
            await WriteErrorAsync(context, exception.Status).ConfigureAwait(false);
        }
    }

    /// <summary>Gets the code for a body that is no request.</summary>
    protected virtual StatusCode BadBodyCode => StatusCode.InvalidArgument;

    /// <summary>Reads the request, makes the call as the services over gRPC get it, and writes the answer.</summary>
    protected abstract Task RunAsync(HttpContext context, GatewayBody body, GatewayCallContext call);

    protected virtual Task WriteErrorAsync(HttpContext context, Status status) =>
        GatewayAnswer.WriteErrorAsync(context, status);

    private static bool IsGone(HttpContext context, Exception exception) =>
        context.RequestAborted.IsCancellationRequested || exception is IOException or OperationCanceledException;
}
