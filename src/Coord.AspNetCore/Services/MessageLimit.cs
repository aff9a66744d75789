using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Coord.AspNetCore.Handlers;
using Coord.AspNetCore.Hot;
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

    /// <summary>Looks at the head of each call's message; streams are left to the server's own limit.</summary>
    public static void Apply(EndpointBuilder endpoint, int maxBytes, TimeProvider clock)
    {
        RequestDelegate? next = endpoint.RequestDelegate;
        GrpcMethodMetadata? method = endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault();
        if (next is null || method is null || method.Method.Type is not MethodType.Unary)
            return;

        endpoint.RequestDelegate = async context =>
        {
            if (await ReadLengthAsync(context, clock).ConfigureAwait(false) is not { } length)
                PlainStatus.Refuse(context.Response, EtcdError.DeadlineExceeded);
            else if (length > maxBytes)
                PlainStatus.Refuse(context.Response, EtcdError.MessageTooLarge(length, maxBytes));
            else
                await next(context).ConfigureAwait(false);
        };
    }

    /// <summary>Waits for the head of the message, as long as the call has time.</summary>
    /// <returns>The length of the message; none if the time was over first.</returns>
    private static async ValueTask<uint?> ReadLengthAsync(HttpContext context, TimeProvider clock)
    {
        PipeReader body = context.Request.BodyReader;
        CancellationToken aborted = context.RequestAborted;
        using CallDeadline? deadline = CallDeadline.Of(PlainHeaders.TimeoutOf(context.Request), clock, aborted);
        ReadResult result;
        try
        {
            result = await body.ReadAtLeastAsync(GrpcFrame.PrefixBytes, deadline?.Token ?? aborted)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (deadline is { IsOver: true })
        {
            return null;
        }

        // Nothing is consumed and nothing examined: who reads next gets all of it at once.
        uint length = Length(result.Buffer);
        body.AdvanceTo(result.Buffer.Start);
        return length;
    }

    private static uint Length(ReadOnlySequence<byte> head)
    {
        if (head.Length < GrpcFrame.PrefixBytes)
            return 0;

        Span<byte> prefix = stackalloc byte[GrpcFrame.PrefixBytes];
        head.Slice(0, GrpcFrame.PrefixBytes).CopyTo(prefix);
        return BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
    }
}
