using System.Net.Sockets;
using Coord.Raft;
using Coord.Transport.Diagnostics;
using Coord.Transport.Framing;
using Coord.Transport.Tls;

namespace Coord.Transport.Connections;

/// <summary>Keeps one lane to one peer connected, for as long as the peer is known.</summary>
/// <remarks>
/// A loop dials, serves the connection until it breaks, waits and dials again. Nothing is kept for a peer that is not
/// connected: old messages are worth nothing to it, and the protocol sends what matters again.
/// </remarks>
internal sealed class LaneDialer(ConnectionContext context, PeerLink link, Lane lane) : IDisposable
{
    // Without a timer it holds nothing that needs to be released, so that anybody may cancel it at any time.
    private readonly CancellationTokenSource _stop = new();
    private OutboundConnection? _connection;
    private CancellationTokenSource? _wait;

    /// <summary>Queues a message; thread-safe.</summary>
    public bool TrySend(in Message message) => Volatile.Read(ref _connection)?.Sender.TrySend(message) ?? false;

    /// <summary>Sends what is queued; thread-safe.</summary>
    public void Flush() => Volatile.Read(ref _connection)?.Sender.Flush();

    /// <summary>Gets how many bytes wait to be sent.</summary>
    public long QueuedBytes => Volatile.Read(ref _connection)?.Sender.QueuedBytes ?? 0;

    /// <summary>Gets a value indicating whether messages pass.</summary>
    public bool IsConnected => Volatile.Read(ref _connection) is not null;

    /// <summary>Dials at once if it is waiting to: there is news that the peer is back. Thread-safe.</summary>
    public void Poke()
    {
        try
        {
            Volatile.Read(ref _wait)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The wait has just ended by itself.
        }
    }

    /// <summary>Ends the connection and the attempts to make one. Thread-safe.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        Volatile.Read(ref _connection)?.Abort("The peer is no longer known at this address.");
    }

    /// <summary>Runs until stopped; never fails.</summary>
    public async Task RunAsync()
    {
        Backoff backoff = new(context.Options.MinReconnectDelay, context.Options.MaxReconnectDelay, context.Entropy);
        while (!_stop.IsCancellationRequested)
        {
            long start = context.TimeProvider.GetTimestamp();
            if (await TryDialAsync().ConfigureAwait(false) is { } connection)
            {
                await ServeAsync(connection).ConfigureAwait(false);
                // A peer that lets us in and throws us out at once is no reason to hurry.
                if (context.TimeProvider.GetElapsedTime(start) > context.Options.MaxReconnectDelay)
                    backoff.Reset();
            }

            if (!_stop.IsCancellationRequested)
                await WaitAsync(backoff.Next()).ConfigureAwait(false);
        }
    }

    private async Task ServeAsync(OutboundConnection connection)
    {
        Log.Connected(context.Logger, link.Peer, connection.Wire.RemoteAddress, lane);
        Volatile.Write(ref _connection, connection);
        // Stop may have looked for the connection just before it was there.
        if (_stop.IsCancellationRequested)
            connection.Abort("This member stops.");

        link.OnLaneUp(lane);
        string reason = await connection.RunAsync().ConfigureAwait(false);
        Volatile.Write(ref _connection, null);
        Log.Disconnected(context.Logger, link.Peer, lane, reason);
        if (!_stop.IsCancellationRequested)
            link.OnLaneDown(lane);
    }

    private async Task<OutboundConnection?> TryDialAsync()
    {
        try
        {
            return new OutboundConnection(context, await DialAsync().ConfigureAwait(false));
        }
        catch (HandshakeException e)
        {
            context.Metrics.HandshakeFailed(e.Refusal.Reason.ToString());
            if (!context.LogLimit.TryTake(out long suppressed))
                return null;

            string address = link.Address.ToString();
            if (e.IsByPeer)
                Log.RefusedByPeer(context.Logger, link.Peer, address, e.Refusal.Reason, e.Refusal.Text, suppressed);
            else
                Log.RefusedPeer(context.Logger, address, e.Refusal.Reason, e.Refusal.Text, suppressed);
        }
        catch (Exception e)
        {
            // Whatever went wrong, the next attempt may go right; a programming error is seen in the log.
            if (!_stop.IsCancellationRequested && context.LogLimit.TryTake(out long suppressed))
            {
                Log.CannotConnect(
                    context.Logger, link.Peer, link.Address.ToString(), lane, Describe(e), suppressed);
            }
        }

        if (!_stop.IsCancellationRequested)
            link.OnDialFailed(lane);
        return null;
    }

    private async Task<Established> DialAsync()
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        using CancellationTokenSource connecting = new(context.Options.ConnectTimeout, context.TimeProvider);
        using (connecting.Token.UnsafeRegister(static s => ((Socket)s!).Dispose(), socket))
        using (_stop.Token.UnsafeRegister(static s => ((Socket)s!).Dispose(), socket))
        {
            try
            {
                await socket.ConnectAsync(link.Address.Host, link.Address.Port).ConfigureAwait(false);
                SocketWire.Configure(socket, context.Options.IdleTimeout);
            }
            catch (Exception e)
            {
                socket.Dispose();
                if (connecting.IsCancellationRequested)
                    throw new TimeoutException("Nobody answered in time.", e);
                throw;
            }
        }

        using CancellationTokenSource shaking = new(context.Options.HandshakeTimeout, context.TimeProvider);
        using (shaking.Token.UnsafeRegister(static s => ((Socket)s!).Dispose(), socket))
        using (_stop.Token.UnsafeRegister(static s => ((Socket)s!).Dispose(), socket))
        {
            try
            {
                Wire wire = context.Tls is null
                    ? new SocketWire(socket)
                    : await TlsWire.ConnectAsync(socket, context.Tls, link.Address.Host).ConfigureAwait(false);
                return await Handshake.DialAsync(context, wire, link.Peer, link.Address.Host, lane)
                    .ConfigureAwait(false);
            }
            catch (Exception e) when (e is not HandshakeException)
            {
                socket.Dispose();
                if (shaking.IsCancellationRequested)
                    throw new TimeoutException("The handshake took too long.", e);
                throw;
            }
        }
    }

    private async Task WaitAsync(TimeSpan delay)
    {
        using CancellationTokenSource wait = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Volatile.Write(ref _wait, wait);
        try
        {
            await Task.Delay(delay, context.TimeProvider, wait.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Poked or stopped.
        }

        Volatile.Write(ref _wait, null);
    }

    private static string Describe(Exception exception) => exception switch
    {
        SocketException e => e.SocketErrorCode.ToString(),
        not TimeoutException and { InnerException: { } inner } => $"{exception.Message} {inner.Message}",
        _ => exception.Message,
    };
}
