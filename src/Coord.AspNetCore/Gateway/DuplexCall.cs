using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Coord.AspNetCore.Gateway;

/// <summary>Many requests, many answers, independent of each other: the request's body may stay open.</summary>
internal sealed class DuplexCall<TRequest, TResponse>(
    string method,
    MessageParser<TRequest> parser,
    DuplexStreamingServerMethod<TRequest, TResponse> service,
    Interceptor interceptor)
    : GatewayCall(method)
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>
{
    private readonly MessageSchema _schema = MessageSchema.Of(new TRequest().Descriptor);

    /// <summary>In etcd nothing gives the error a code where the first of several requests is wrong.</summary>
    protected override StatusCode BadBodyCode => StatusCode.Unknown;

    protected override async Task RunAsync(HttpContext context, GatewayBody body, GatewayCallContext call)
    {
        // Between two requests there may be hours.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;

        GatewayStreamReader<TRequest> reader = new(body, parser, _schema);
        await reader.ReadFirstAsync(context.RequestAborted).ConfigureAwait(false);
        GatewayStreamWriter<TResponse> writer = new(context.Response);
        await interceptor.DuplexStreamingServerHandler(reader, writer, call, service).ConfigureAwait(false);
        await writer.CompleteAsync().ConfigureAwait(false);
    }

    protected override Task WriteErrorAsync(HttpContext context, Status status) =>
        GatewayAnswer.WriteStreamErrorAsync(context, status);
}
