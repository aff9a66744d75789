using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Gateway;

/// <summary>One request, many answers, each on a line.</summary>
internal sealed class ServerStreamCall<TRequest, TResponse>(
    string method,
    MessageParser<TRequest> parser,
    ServerStreamingServerMethod<TRequest, TResponse> service,
    Interceptor interceptor)
    : GatewayCall(method)
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>
{
    private readonly MessageSchema _schema = MessageSchema.Of(new TRequest().Descriptor);

    protected override async Task RunAsync(HttpContext context, GatewayBody body, GatewayCallContext call)
    {
        TRequest request = await GatewayCodec.ReadAsync(body, parser, _schema, context.RequestAborted)
            .ConfigureAwait(false);
        GatewayStreamWriter<TResponse> writer = new(context.Response);
        await interceptor.ServerStreamingServerHandler(request, writer, call, service).ConfigureAwait(false);
        await writer.CompleteAsync().ConfigureAwait(false);
    }

    protected override Task WriteErrorAsync(HttpContext context, Status status) =>
        GatewayAnswer.WriteStreamErrorAsync(context, status);
}
