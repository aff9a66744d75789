using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using Coord.AspNetCore.Diagnostics;
using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Coord.AspNetCore.Hot;

/// <summary>A method of one request and one answer, answered without the gRPC library where a call is plain.</summary>
/// <remarks>
/// A call is plain if it has nothing that the library would have to deal with: no compression, no metadata but what
/// says nothing, and one message that is whole, parses and is not too large. Every other call goes on to the library as
/// if nobody had looked at it.
/// </remarks>
internal sealed class PlainCall<TRequest, TResponse>(
    string method,
    MessageParser<TRequest> parser,
    Func<TRequest, CancellationToken, ValueTask<TResponse>> handle,
    PlainCalls calls,
    RequestDelegate library)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    /// <summary>Gets a value indicating whether somebody collects traces, to which the library adds its part.</summary>
    private static bool IsTraced => Activity.Current?.Source.HasListeners() == true;

    public Task InvokeAsync(HttpContext context) =>
        PlainHeaders.TryRead(context.Request, out TimeSpan? timeout) && !IsTraced
            ? AnswerAsync(context, timeout)
            : library(context);

    private async Task AnswerAsync(HttpContext context, TimeSpan? timeout)
    {
        CancellationToken aborted = context.RequestAborted;
        using CallDeadline? deadline = CallDeadline.Of(timeout, calls.Clock, aborted);
        CancellationToken cancelled = deadline?.Token ?? aborted;
        TRequest? request;
        try
        {
            request = await ReadAsync(context, cancelled).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (deadline is { IsOver: true })
        {
            PlainStatus.Refuse(context.Response, EtcdError.DeadlineExceeded);
            return;
        }

        if (request is null)
        {
            await library(context).ConfigureAwait(false);
            return;
        }

        MethodCounters counters = calls.Metrics.Begin(method, "unary");
        StatusCode code = StatusCode.OK;
        try
        {
            calls.Member.Admit(forLearners: request is RangeRequest { Serializable: true }, requireLeader: false);
            TResponse response = await handle(request, cancelled).ConfigureAwait(false);
            Write(context.Response, response);
        }
#pragma warning disable CA1031 // Whatever went wrong is what the call is answered with.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            EtcdError error = aborted.IsCancellationRequested ? EtcdError.Canceled
                : deadline is { IsOver: true } ? EtcdError.DeadlineExceeded
                : ErrorTable.Find(exception);
            code = error.Code;
            PlainStatus.Refuse(context.Response, error);
        }
        finally
        {
            counters.End(code);
        }
    }

    /// <summary>Waits for the request.</summary>
    /// <returns>Null if the call is not plain; then nothing has been consumed.</returns>
    private async ValueTask<TRequest?> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        PipeReader body = context.Request.BodyReader;
        ReadResult read = await body.ReadAsync(cancellationToken).ConfigureAwait(false);
        int length = LengthOf(read.Buffer);
        if (length < 0 || read.IsCanceled)
        {
            // Nothing is examined, so the library gets it at once.
            body.AdvanceTo(read.Buffer.Start);
            return null;
        }

        while (!read.IsCompleted && read.Buffer.Length <= GrpcFrame.PrefixBytes + length)
        {
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await body.ReadAsync(cancellationToken).ConfigureAwait(false);
        }

        TRequest? request = read.Buffer.Length == GrpcFrame.PrefixBytes + length
            ? Parse(read.Buffer.Slice(GrpcFrame.PrefixBytes))
            : null;
        body.AdvanceTo(request is null ? read.Buffer.Start : read.Buffer.End);
        return request;
    }

    /// <summary>Reads the length of the message; -1 if it is compressed or too large, or not there yet.</summary>
    private int LengthOf(ReadOnlySequence<byte> bytes)
    {
        if (bytes.Length < GrpcFrame.PrefixBytes)
            return -1;

        Span<byte> prefix = stackalloc byte[GrpcFrame.PrefixBytes];
        bytes.Slice(0, GrpcFrame.PrefixBytes).CopyTo(prefix);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        return prefix[0] == 0 && length <= calls.MaxMessageBytes ? (int)length : -1;
    }

    private TRequest? Parse(ReadOnlySequence<byte> message)
    {
        try
        {
            return parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException)
        {
            return null; // The library says what is wrong.
        }
    }

    private static void Write(HttpResponse response, TResponse message)
    {
        response.ContentType = PlainStatus.ContentType;
        int size = message.CalculateSize();
        PipeWriter body = response.BodyWriter;
        GrpcFrame.WritePrefix(body.GetSpan(GrpcFrame.PrefixBytes), size);
        body.Advance(GrpcFrame.PrefixBytes);
        message.WriteTo(body);
        response.AppendTrailer(PlainStatus.Header, PlainStatus.Ok);
    }
}
