using System.Buffers;
using System.Buffers.Binary;
using Coord.AspNetCore.Diagnostics;
using Coord.AspNetCore.Handlers;
using Coord.AspNetCore.Hot;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using Grpc.Core;

namespace Coord.AspNetCore.Direct;

/// <summary>A method whose plain calls are answered on the connection.</summary>
internal abstract class DirectMethod
{
    /// <summary>Begins to answer a call, unless its request is not one plain message.</summary>
    public abstract bool TryBegin(DirectCall call, in ReadOnlySequence<byte> body);

    /// <summary>Reads how many bytes of a body are its message; -1 if it is not one that is whole and plain.</summary>
    protected static int LengthOf(in ReadOnlySequence<byte> body)
    {
        if (body.Length < GrpcFrame.PrefixBytes)
            return -1;

        Span<byte> prefix = stackalloc byte[GrpcFrame.PrefixBytes];
        body.Slice(0, GrpcFrame.PrefixBytes).CopyTo(prefix);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        return prefix[0] == 0 && length == body.Length - GrpcFrame.PrefixBytes ? (int)length : -1;
    }
}

/// <inheritdoc/>
internal sealed class DirectMethod<TRequest, TResponse>(
    string name,
    MessageParser<TRequest> parser,
    Func<TRequest, CancellationToken, ValueTask<TResponse>> handle,
    PlainCalls calls) : DirectMethod
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    /// <inheritdoc/>
    public override bool TryBegin(DirectCall call, in ReadOnlySequence<byte> body)
    {
        int length = LengthOf(body);
        if (length < 0 || length > calls.MaxMessageBytes)
            return false;

        TRequest request;
        try
        {
            request = parser.ParseFrom(body.Slice(GrpcFrame.PrefixBytes));
        }
        catch (InvalidProtocolBufferException)
        {
            return false; // The library says what is wrong.
        }

        _ = AnswerAsync(call, request);
        return true;
    }

    private async Task AnswerAsync(DirectCall call, TRequest request)
    {
        using CancellationTokenSource? late = call.Timeout is { } time ? new(time, calls.Clock) : null;
        MethodCounters counters = calls.Metrics.Begin(name, "unary");
        StatusCode code = StatusCode.OK;
        try
        {
            calls.Member.Admit(forLearners: request is RangeRequest { Serializable: true }, requireLeader: false);
            TResponse response = await handle(request, late?.Token ?? default).ConfigureAwait(false);
            call.Connection.Answer(call, response);
        }
#pragma warning disable CA1031 // Whatever went wrong is what the call is answered with.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            EtcdError error = late is { IsCancellationRequested: true } ? EtcdError.DeadlineExceeded
                : ErrorTable.Find(exception);
            code = error.Code;
            call.Connection.Refuse(call, error.Code, error.Text);
        }
        finally
        {
            counters.End(code);
        }
    }
}
