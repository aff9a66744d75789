using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coord.AspNetCore.Gateway;

/// <summary>One call of the gateway over a web socket: each request a message, and each line of the answer.</summary>
/// <remarks>
/// So a page in a browser can have a watch that it adds to, which it cannot over HTTP/1.1. The call sees a POST whose
/// body never ends and knows nothing of the socket. Three loops: from the socket into the body, the call, and from its
/// answer to the socket. Pipes between them hold back whoever is faster, so a client that does not read stops the call.
/// It ends with the call or with the client, whichever is first.
/// </remarks>
internal sealed class WebSocketCall(WebSocket socket, CancellationTokenSource ending)
{
    private const int ReceiveBytes = 4096;

    private readonly Pipe _requests = new();
    private readonly Pipe _answers = new();

    /// <summary>Answers a request that asks for a web socket.</summary>
    public static async Task AnswerAsync(HttpContext context, GatewayCall call, int maxMessageBytes)
    {
        using WebSocket? socket = await WebSocketHandshake.AcceptAsync(context).ConfigureAwait(false);
        if (socket is null)
            return;

        using CancellationTokenSource ending =
            CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        await new WebSocketCall(socket, ending).RunAsync(context, call, maxMessageBytes).ConfigureAwait(false);
    }

    private async Task RunAsync(HttpContext context, GatewayCall call, int maxMessageBytes)
    {
        Task receiving = ReceiveAsync();
        Task sending = SendAsync();
        try
        {
            await call.InvokeAsync(Inner(context), maxMessageBytes).ConfigureAwait(false);
        }
        finally
        {
            // What was answered last is still sent; then the client hears that there is no more.
            await _answers.Writer.CompleteAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(false);
            await ending.CancelAsync().ConfigureAwait(false);
            await receiving.ConfigureAwait(false);
        }
    }

    private DefaultHttpContext Inner(HttpContext context)
    {
        FeatureCollection features = new();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = HttpMethods.Post,
            Path = context.Request.Path,
            Protocol = context.Request.Protocol,
            Scheme = context.Request.Scheme,
        });
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(_answers.Writer.AsStream()));
        features.Set<IRequestBodyPipeFeature>(new RequestBody(_requests.Reader));
        features.Set<IHttpRequestLifetimeFeature>(
            new HttpRequestLifetimeFeature { RequestAborted = ending.Token });
        features.Set(context.Features.Get<IHttpConnectionFeature>());
        DefaultHttpContext inner = new(features) { RequestServices = context.RequestServices };
        inner.Request.Headers.Host = context.Request.Headers.Host;
        if (WebSocketHandshake.AuthorizationOf(context.Request) is { } authorization)
            inner.Request.Headers.Authorization = authorization;
        return inner;
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult received = await socket
                    .ReceiveAsync(_requests.Writer.GetMemory(ReceiveBytes), ending.Token).ConfigureAwait(false);
                if (received.MessageType is WebSocketMessageType.Close)
                    break;

                _requests.Writer.Advance(received.Count);
                if (received.EndOfMessage)
                    _requests.Writer.Write("\n"u8);
                await _requests.Writer.FlushAsync(ending.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // The client is gone, or the call is over.
        }

        await _requests.Writer.CompleteAsync().ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
    }

    private async Task SendAsync()
    {
        try
        {
            bool isOpen = false;
            while (true)
            {
                ReadResult result = await _answers.Reader.ReadAsync(ending.Token).ConfigureAwait(false);
                ReadOnlySequence<byte> rest = result.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    await SendAsync(rest.Slice(0, end), isOpen, isLast: true).ConfigureAwait(false);
                    rest = rest.Slice(rest.GetPosition(1, end));
                    isOpen = false;
                }

                // Of what is not whole yet the beginning can go already: a line may be larger than the pipe.
                bool isLast = result.IsCompleted;
                await SendAsync(rest, isOpen, isLast).ConfigureAwait(false);
                isOpen |= !rest.IsEmpty;
                _answers.Reader.AdvanceTo(result.Buffer.End);
                if (isLast)
                    break;
            }

            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, ending.Token)
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            await ending.CancelAsync().ConfigureAwait(false);
        }

        await _answers.Reader.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>Sends a part of a line. An empty line is none.</summary>
    private async Task SendAsync(ReadOnlySequence<byte> part, bool isOpen, bool isLast)
    {
        if (part.IsEmpty && !(isOpen && isLast))
            return;

        while (!part.IsSingleSegment)
        {
            await SendAsync(part.First, isLast: false).ConfigureAwait(false);
            part = part.Slice(part.First.Length);
        }

        await SendAsync(part.First, isLast).ConfigureAwait(false);
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> frame, bool isLast) =>
        socket.SendAsync(frame, WebSocketMessageType.Text, isLast, ending.Token);

    private static bool IsEnd(Exception exception) =>
        exception is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException;

    /// <summary>The body of the request that the call sees.</summary>
    private sealed class RequestBody(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }
}
