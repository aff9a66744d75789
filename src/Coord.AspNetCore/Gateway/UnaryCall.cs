using Coord.AspNetCore.Http;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Gateway;

/// <summary>One request, one answer.</summary>
internal sealed class UnaryCall<TRequest, TResponse>(
    string method,
    MessageParser<TRequest> parser,
    UnaryServerMethod<TRequest, TResponse> service,
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
        TResponse response = await interceptor.UnaryServerHandler(request, call, service).ConfigureAwait(false);
        context.Response.ContentType = PlainAnswer.Json;
        GatewayCodec.Write(response, context.Response.BodyWriter);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
