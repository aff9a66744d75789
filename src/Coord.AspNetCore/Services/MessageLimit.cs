using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Services;

/// <summary>Refuses a message that is too large in the words that gRPC has in Go, before it is read.</summary>
internal static class MessageLimit
{
    /// <summary>What etcd allows a message above the largest request, which so gets an answer of its own.</summary>
    public const int OverheadBytes = 512 * 1024;

    private const int PrefixBytes = 5;

    /// <summary>Looks at the head of each call's message; streams are left to the server's own limit.</summary>
    public static void Apply(EndpointBuilder endpoint, int maxBytes)
    {
        RequestDelegate? next = endpoint.RequestDelegate;
        GrpcMethodMetadata? method = endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault();
        if (next is null || method is null || method.Method.Type is not MethodType.Unary)
            return;

        endpoint.RequestDelegate = async context =>
        {
            ReadResult result = await context.Request.BodyReader.ReadAtLeastAsync(PrefixBytes, context.RequestAborted)
                .ConfigureAwait(false);
            uint length = Length(result.Buffer);

            // Nothing is consumed and nothing examined: who reads next gets all of it at once.
            context.Request.BodyReader.AdvanceTo(result.Buffer.Start);
            if (length > maxBytes)
                Refuse(context, $"grpc: received message larger than max ({length} vs. {maxBytes})");
            else
                await next(context).ConfigureAwait(false);
        };
    }

    private static uint Length(ReadOnlySequence<byte> head)
    {
        if (head.Length < PrefixBytes)
            return 0;

        Span<byte> prefix = stackalloc byte[PrefixBytes];
        head.Slice(0, PrefixBytes).CopyTo(prefix);
        return BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
    }

    /// <summary>Answers with a status and nothing else.</summary>
    private static void Refuse(HttpContext context, string text)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)StatusCode.ResourceExhausted).ToString("d");
        context.Response.Headers["grpc-message"] = text;
    }
}
