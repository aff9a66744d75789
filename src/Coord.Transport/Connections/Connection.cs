using System.Buffers;
using System.Net.Sockets;
using Coord.Raft;
using Coord.Transport.Framing;

namespace Coord.Transport.Connections;

/// <summary>One connection after its handshake, seen from either end.</summary>
/// <remarks>
/// Messages flow from who dialled to who accepted; back come only answers to pings. Frames arrive on one loop; ticks
/// and aborts come from other threads. It ends once, with the first reason that was given.
/// </remarks>
internal abstract class Connection : IFrameHandler
{
    private readonly FrameReader _reader;
    private readonly uint _receiveEpoch;
    private string? _reason;
    private long _reportedFrames;
    private long _reportedBytes;

    protected Connection(ConnectionContext context, Established established)
    {
        Context = context;
        Wire = established.Wire;
        _reader = established.Reader;
        Peer = established.Peer;
        Lane = established.Lane;
        _receiveEpoch = HandshakeCodec.Epoch(established.PeerNonce, established.LocalNonce);
        Sender = new FrameSender(
            Wire, Lane, HandshakeCodec.Epoch(established.LocalNonce, established.PeerNonce), context);
    }

    /// <summary>Gets what the peer said about itself.</summary>
    public PeerHello Peer { get; }

    /// <summary>Gets what the connection is for.</summary>
    public Lane Lane { get; }

    /// <summary>Gets the sending half.</summary>
    public FrameSender Sender { get; }

    /// <summary>Gets the bytes' way.</summary>
    public Wire Wire { get; }

    /// <summary>Gets a value indicating whether a thread of its own receives.</summary>
    protected virtual bool HasThread => false;

    /// <summary>Gets what the parts of the transport share.</summary>
    protected ConnectionContext Context { get; }

    /// <summary>Gets when bytes last arrived.</summary>
    protected long LastReceived => _reader.LastReceived;

    /// <summary>Gets since when a frame has been unfinished; zero if none is.</summary>
    protected long UnfinishedSince => _reader.UnfinishedSince;

    /// <summary>Serves the connection until it ends, and returns why. Never fails.</summary>
    public async Task<string> RunAsync()
    {
        if (Context.Connections.TryAdd(this))
        {
            Context.Metrics.Connections(1);
            await ReceiveAsync().ConfigureAwait(false);
            Context.Metrics.Connections(-1);
            Context.Connections.Remove(this);
        }

        Sender.Close();
        Wire.Dispose();
        _reader.Complete();
        CountReceived();
        return _reason ?? "It ended.";
    }

    /// <summary>Ends the connection; thread-safe, and only the first reason counts.</summary>
    public void Abort(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        Wire.Abort();
    }

    /// <inheritdoc/>
    public abstract void OnFrame(in FrameHeader header, in ReadOnlySequence<byte> payload);

    /// <inheritdoc/>
    public virtual void OnPause()
    {
    }

    /// <summary>Looks after deadlines, several times in each of them; thread-safe.</summary>
    /// <param name="now">The timestamp.</param>
    public virtual void OnTick(long now)
    {
        CountReceived();
        if (Wire.Problem() is { } problem)
            Abort(problem);
        else if (UnfinishedSince is not 0 and var since && Elapsed(since, now) > Context.Options.FrameTimeout)
            Abort("A frame took too long to arrive.");
        else if (Sender.SendingSince is not 0 and var sending && Elapsed(sending, now) > Context.Options.IdleTimeout)
            Abort("It does not read what is sent to it.");
    }

    /// <summary>Returns the time between two timestamps.</summary>
    protected TimeSpan Elapsed(long since, long now) => Context.TimeProvider.GetElapsedTime(since, now);

    /// <summary>Throws if a frame belongs to another lane.</summary>
    protected void CheckLane(in FrameHeader header)
    {
        if (header.Lane != Lane)
            throw new BadFrameException(FrameStatus.Unsupported);
    }

    /// <summary>Ends the connection because the peer refuses to go on.</summary>
    protected static void ThrowRefused(in ReadOnlySequence<byte> payload)
    {
        Refusal refusal = HandshakeCodec.DecodeRefusal(
            payload.Slice(0, Math.Min(payload.Length, HandshakeCodec.MaxBytes)).ToArray());
        throw new ConnectionClosedException($"It refused this member ({refusal.Reason}): {refusal.Text}");
    }

    private async Task ReceiveAsync()
    {
        try
        {
            if (HasThread)
                await RunOnThreadAsync().ConfigureAwait(false);
            else
                await _reader.RunAsync(this, _receiveEpoch).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (e is BadFrameException bad)
                Context.Metrics.BadFrame(bad.Status.ToString());
            bool isExpected = e is BadFrameException or ConnectionClosedException or IOException or SocketException
                or ObjectDisposedException or OperationCanceledException or InvalidOperationException;
            if (!isExpected)
                Diagnostics.Log.UnexpectedError(Context.Logger, e, Wire.RemoteAddress);

            Interlocked.CompareExchange(ref _reason, e.Message, null);
        }
    }

    private Task RunOnThreadAsync()
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            try
            {
                _reader.Run(this, _receiveEpoch);
            }
            catch (Exception e)
            {
                ended.SetException(e);
            }
        });
        (thread.Name, thread.IsBackground) = ($"coord from {Peer.NodeId} {Lane}", true);
        thread.UnsafeStart();
        return ended.Task;
    }

    private void CountReceived()
    {
        long frames = _reader.Frames, bytes = _reader.Bytes;
        Context.Metrics.Received(
            frames - Interlocked.Exchange(ref _reportedFrames, frames),
            bytes - Interlocked.Exchange(ref _reportedBytes, bytes));
    }
}
