using System.IO.Pipelines;
using Coord.AspNetCore.Ports;

namespace Coord.AspNetCore.Direct;

/// <summary>
/// A connection of HTTP/2 of which plain calls are answered here, between the socket and the web server, and all the
/// rest by the web server, which knows nothing of them.
/// </summary>
/// <remarks>
/// The web server sees some of the client's streams, in order, and the client sees one server. Always true:
/// 1. a block of headers that is kept from the web server changes nothing in the table by which it decodes others;
/// 2. a stream that the web server has been told of is its own for good;
/// 3. what is answered here fits into the client's windows beside what the web server sends, which learns of less;
/// 4. frames are written whole, none before the web server's settings, and none within one block of headers;
/// 5. what waits for a slow client is bounded: beyond that, calls are left to the web server.
/// Two pumps carry the frames, one for each direction. Everything about the way out is under one lock.
/// </remarks>
internal sealed partial class DirectConnection
{
    /// <summary>What the web server has to let a client send at least, on a connection and on a stream.</summary>
    public const int MinConnectionWindow = 1 << 20, MinStreamWindow = 2 * MaxBodyBytes;

    private const int MaxCalls = 1024;
    private const int MaxHeldBytes = 4 << 20;
    private const int MaxBodyBytes = 64 * 1024;

    // The client is let send as much again only when calls are decided: so a part of the least window, which the web
    // server announces anew when half of it is used up.
    private const int MaxUndecidedBytes = MinConnectionWindow / 4;

    private static readonly PipeOptions Inline = new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);

    // More room than an honest client can fill before the server gives it a window: what tells that the client has
    // read comes on the same way, and must never wait behind what the server has not taken.
    private static readonly PipeOptions ToServer = new(
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: PipeScheduler.Inline,
        pauseWriterThreshold: 2 * MinConnectionWindow,
        resumeWriterThreshold: MinConnectionWindow,
        useSynchronizationContext: false);

    private readonly DirectCalls _directs;
    private readonly PipeReader _in;
    private readonly PipeWriter _out;
    private readonly Pipe _toServer = new(ToServer);
    private readonly Pipe _fromServer = new(Inline);
    private readonly Lock _lock = new();

    // By stream: undecided, or being answered. Under the lock.
    private readonly Dictionary<int, DirectCall> _calls = [];
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private bool _isEnding;
    private bool _isOver;
    private Task _pumps = Task.CompletedTask;

    public DirectConnection(IDuplexPipe client, DirectCalls directs)
    {
        (_in, _out, _directs) = (client.Input, client.Output, directs);
        _lastBeat = directs.Clock.GetTimestamp();
        _flush = new FlushItem(this);
        ServerSide = new AuthorityPipe(_toServer.Reader, _fromServer.Writer);
    }

    /// <summary>Gets what the web server is to read from and write to.</summary>
    public IDuplexPipe ServerSide { get; }

    /// <summary>Begins to carry frames.</summary>
    public void Start() => _pumps = Task.WhenAll(PumpInputAsync(), PumpOutputAsync());

    /// <summary>Carries what the web server has left behind, and waits for the calls that are being answered.</summary>
    public async ValueTask StopAsync()
    {
        await _fromServer.Writer.CompleteAsync().ConfigureAwait(false);
        await _toServer.Reader.CompleteAsync().ConfigureAwait(false);
        _in.CancelPendingRead();
        await _pumps.ConfigureAwait(false);
        lock (_lock)
        {
            // Nobody hears any more what the client would take.
            _isEnding = true;
            DropHeld();
            if (_running == 0)
                _idle.TrySetResult();
        }

        await _idle.Task.ConfigureAwait(false);
        lock (_lock)
            _isOver = true;
    }
}
