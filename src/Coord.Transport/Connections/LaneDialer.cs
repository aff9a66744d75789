using System.Net.Sockets;
using Coord.Raft;
using Coord.Transport.Diagnostics;
using Coord.Transport.Framing;
using Coord.Transport.Tls;
using Microsoft.Extensions.Logging;

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
    private string? _lastProblem;

    /// <summary>Queues a message; thread-safe.</summary>
    public bool TrySend(in Message message) => Volatile.Read(ref _connection)?.Sender.TrySend(message) ?? false;

    /// <summary>Sends what is queued; thread-safe.</summary>
    public void Flush() => Volatile.Read(ref _connection)?.Sender.Flush();

    /// <summary>Gets how many bytes wait to be sent.</summary>
    public long QueuedBytes => Volatile.Read(ref _connection)?.Sender.QueuedBytes ?? 0;

    /// <summary>Gets a value indicating whether messages pass.</summary>
    public bool IsConnected => Volatile.Read(ref _connection) is not null;

    /// <summary>Gets a value indicating whether a ping waits for its answer.</summary>
    public bool IsPinging => Volatile.Read(ref _connection)?.IsPinging ?? false;

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
            try
            {
                if (await TryDialAsync().ConfigureAwait(false) is { } connection)
                    await ServeAsync(connection).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // The node threw at what it was told. The peer is to be reached all the same.
                Log.UnexpectedError(context.Logger, e, link.Address.ToString());
            }

            // A peer that lets us in and throws us out at once is no reason to hurry.
            if (context.TimeProvider.GetElapsedTime(start) > context.Options.MaxReconnectDelay * 2)
                backoff.Reset();

            if (!_stop.IsCancellationRequested)
                await WaitAsync(backoff.Next()).ConfigureAwait(false);
        }
    }

    private async Task ServeAsync(OutboundConnection connection)
    {
        _lastProblem = null;
        LogLevel level = Lanes.Loudness(lane, LogLevel.Information);
        Log.Connected(context.Logger, level, link.Peer, connection.Wire.RemoteAddress, lane);
        Volatile.Write(ref _connection, connection);
        // Stop may have looked for the connection just before it was there.
        if (_stop.IsCancellationRequested)
            connection.Abort("This member stops.");

        link.OnLaneUp(lane);
        string reason = await connection.RunAsync().ConfigureAwait(false);
        Volatile.Write(ref _connection, null);
        Log.Disconnected(context.Logger, level, link.Peer, lane, reason);
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
            (RefusalReason reason, string text) = e.Refusal;
            context.Metrics.HandshakeFailed(reason.ToString());
            LogLevel level = LevelOf(text);
            string address = link.Address.ToString();
            if (e.IsByPeer)
                Log.RefusedByPeer(context.Logger, level, link.Peer, address, reason, text);
            else
                Log.RefusedDialled(context.Logger, level, link.Peer, address, reason, text);
            if (e.IsByPeer && reason is RefusalReason.Removed)
                context.Receiver.ReportRemoved(link.Peer);
        }
        catch (Exception e)
        {
            // Whatever went wrong, the next attempt may go right; a programming error is seen in the log.
            string problem = Describe(e);
            string address = link.Address.ToString();
            if (!_stop.IsCancellationRequested)
                LogFailure(LevelOf(problem), address, problem);
        }

        if (!_stop.IsCancellationRequested)
            link.OnDialFailed(lane);
        return null;
    }

    private async Task<Established> DialAsync()
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await ConnectAsync(socket).ConfigureAwait(false);
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

    private async Task ConnectAsync(Socket socket)
    {
        using CancellationTokenSource deadline = new(context.Options.ConnectTimeout, context.TimeProvider);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _stop.Token);
        try
        {
            await socket.ConnectAsync(link.Address.Host, link.Address.Port, either.Token).ConfigureAwait(false);
            SocketWire.Configure(socket, context.Options.IdleTimeout);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (deadline.IsCancellationRequested)
                throw new TimeoutException("Nobody answered in time.", e);
            throw;
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

    private void LogFailure(LogLevel level, string address, string problem) =>
        Log.CannotConnect(context.Logger, level, link.Peer, address, lane, problem);

    /// <summary>A problem is told once, and not again at each attempt while it lasts.</summary>
    private LogLevel LevelOf(string problem)
    {
        bool isNews = problem != _lastProblem;
        _lastProblem = problem;
        return isNews ? Lanes.Loudness(lane, LogLevel.Warning) : LogLevel.Debug;
    }

    private static string Describe(Exception exception) => exception switch
    {
        SocketException e => $"{e.SocketErrorCode}.",
        not TimeoutException and { InnerException: { } inner } => $"{exception.Message} {inner.Message}",
        _ => exception.Message,
    };
}
