using System.Buffers;
using System.IO.Pipelines;
using Coord.AspNetCore.Direct;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Coord.AspNetCore.Ports;

/// <summary>Tells HTTP/2 from HTTP/1.1 on a cleartext connection by the first bytes, consuming none.</summary>
/// <remarks>
/// Kestrel takes HTTP/2 only where TLS has negotiated it, and speaks HTTP/1.1 on any other connection of a port that
/// offers both. A connection that begins with HTTP/2's preface therefore gets the feature that a negotiation leaves.
/// </remarks>
internal sealed class PrefaceMiddleware(
    ConnectionDelegate next, TimeSpan timeout, TimeProvider timeProvider, DirectCalls? directs)
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<ITlsConnectionFeature>() is null)
        {
            bool? isHttp2 = await PeekAsync(connection).ConfigureAwait(false);
            if (isHttp2 is null)
                return;

            if (isHttp2.Value)
            {
                PlainHttp2Feature negotiated = new();
                connection.Features.Set<ITlsConnectionFeature>(negotiated);
                connection.Features.Set<ITlsApplicationProtocolFeature>(negotiated);
                await ServeHttp2Async(connection).ConfigureAwait(false);
                return;
            }
        }

        await next(connection).ConfigureAwait(false);
    }

    private async Task ServeHttp2Async(ConnectionContext connection)
    {
        IDuplexPipe transport = connection.Transport;
        DirectConnection? direct = directs is { IsWanted: true } ? new(transport, directs) : null;
        IDuplexPipe passed = direct?.ServerSide ?? transport;
        AuthorityReader reader = new(passed.Input, Preface.Length);
        connection.Transport = new AuthorityPipe(reader, passed.Output);
        direct?.Start();
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            await reader.StopAsync().ConfigureAwait(false);
            if (direct is not null)
                await direct.StopAsync().ConfigureAwait(false);
            connection.Transport = transport;
        }
    }

    /// <summary>Waits for as many bytes as it takes to decide.</summary>
    /// <returns>Null if the connection ended or said nothing for too long.</returns>
    private async ValueTask<bool?> PeekAsync(ConnectionContext connection)
    {
        CancellationToken closing =
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using CancellationTokenSource late = new(timeout, timeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(
            late.Token, closing, connection.ConnectionClosed);
        PipeReader input = connection.Transport.Input;
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync(either.Token).ConfigureAwait(false);
                bool? isHttp2 = Decide(result.Buffer);
                if (isHttp2 is not null || result.IsCompleted)
                {
                    // Nothing is consumed and nothing examined: who reads next gets all of it at once.
                    input.AdvanceTo(result.Buffer.Start);
                    return isHttp2 ?? (result.Buffer.IsEmpty ? null : false);
                }

                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static bool? Decide(ReadOnlySequence<byte> bytes)
    {
        Span<byte> begin = stackalloc byte[Preface.Length];
        int length = (int)Math.Min(bytes.Length, begin.Length);
        bytes.Slice(0, length).CopyTo(begin);
        if (!Preface.StartsWith(begin[..length]))
            return false;

        return length == Preface.Length ? true : null;
    }
}
