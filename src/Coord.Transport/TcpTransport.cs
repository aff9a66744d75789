using System.Net;
using Coord.Raft;
using Coord.Transport.Connections;
using Coord.Transport.Diagnostics;
using Coord.Transport.Tls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coord.Transport;

/// <summary>Carries the messages of the replicated log between members over TCP, with or without TLS.</summary>
/// <remarks>
/// Each member dials each other one three times: for what keeps a leader in office, for entries, and for snapshots, so
/// that none of these waits behind the next. Whom it talks to is decided by cluster id, node id and certificate, never
/// by the address. A connection that misbehaves is closed, which harms no other. Everything that waits is bounded.
/// </remarks>
public sealed class TcpTransport : IRaftTransport
{
    private readonly ConnectionContext _context;
    private readonly PeerDirectory _directory;
    private readonly Listener _listener;
    private int _isDisposed;

    /// <summary>Creates a transport that does nothing until it is started.</summary>
    /// <param name="options">How to listen and to connect.</param>
    /// <param name="timeProvider">The time; that of the system by default.</param>
    /// <param name="loggerFactory">Where to log; nowhere by default.</param>
    /// <exception cref="ArgumentException">The options contradict themselves; the message says how.</exception>
    public TcpTransport(
        TcpTransportOptions options, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problem() is { } problem)
            throw new ArgumentException(problem, nameof(options));

        timeProvider ??= TimeProvider.System;
        ILogger logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<TcpTransport>();
        _context = new ConnectionContext(options, timeProvider, logger)
        {
            Tls = options.Tls is null ? null : new TlsContext(options.Tls, timeProvider, logger),
        };
        _directory = new PeerDirectory(_context);
        _listener = new Listener(_context, _directory);
    }

    /// <summary>Gets where the transport listens, once it has been started: the port that the system chose.</summary>
    public EndPoint? LocalEndPoint => _listener.LocalEndPoint;

    /// <summary>Gets the parts, for tests.</summary>
    internal ConnectionContext Context => _context;

    /// <summary>Gets the directory, for tests.</summary>
    internal PeerDirectory Directory => _directory;

    /// <summary>Gets the listener, for tests.</summary>
    internal Listener Listener => _listener;

    /// <summary>Asks a member of a cluster who is in it: a newcomer finds itself there by its address.</summary>
    /// <param name="address">Where the member is, as <c>host:port</c>.</param>
    /// <param name="options">How to connect: its times, and the certificates, which both sides check.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TransportException">Nobody answered, or not as a member would.</exception>
    public static async Task<PeerRoster> InquireAsync(
        string address, TcpTransportOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        PeerAddress parsed = PeerAddress.Parse(address);
        return await Inquiry.AskAsync(parsed, options, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask StartAsync(IRaftMessageReceiver receiver, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        if (_context.IsStarted)
            throw new InvalidOperationException("The transport has been started already.");

        _context.Tls?.Start();
        _listener.Bind();
        _context.BootId = _context.Entropy.Next() | 1; // Zero would mean that it is not known.
        _context.Receiver = receiver;
        NodeId self = receiver.LocalHello.NodeId;
        SetLocalAddress(self);
        TcpTransportOptions options = _context.Options;
        TimeSpan tick = (options.PingInterval < options.FrameTimeout ? options.PingInterval : options.FrameTimeout) / 4;
        _context.Connections.Start(tick > TimeSpan.FromMilliseconds(1) ? tick : TimeSpan.FromMilliseconds(1));
        _listener.Start();
        _directory.Start();
        Log.Listening(_context.Logger, self, LocalEndPoint);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public bool TrySend(in Message message)
    {
        if (_directory.Find(message.To)?.TrySend(message) ?? false)
            return true;

        _context.Metrics.Dropped();
        return false;
    }

    /// <inheritdoc/>
    public void Flush()
    {
        foreach (PeerLink link in _directory.Links)
            link.Flush();
    }

    /// <inheritdoc/>
    public void UpdateMembers(IReadOnlyList<Member> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        IReadOnlyCollection<NodeId> gone = _directory.Update(members);
        if (_context.IsStarted)
            SetLocalAddress(_context.Receiver.LocalHello.NodeId);
        if (gone.Count > 0)
        {
            _context.Connections.Abort(
                connection => gone.Contains(connection.Peer.NodeId), "The peer was removed from the cluster.");
        }
    }

    /// <summary>Closes all connections. Messages that are queued are lost.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;

        await _listener.DisposeAsync().ConfigureAwait(false);
        _directory.Stop();
        await _context.Connections.DisposeAsync().ConfigureAwait(false);
        if (_context.Tls is not null)
            await _context.Tls.DisposeAsync().ConfigureAwait(false);
        _context.Metrics.Dispose();
    }

    private void SetLocalAddress(NodeId self) =>
        _context.LocalAddress = _context.Options.AdvertisedAddress
            ?? _directory.AddressOf(self)
            ?? (LocalEndPoint is IPEndPoint { Address: var ip } && !IsAny(ip) ? LocalEndPoint.ToString()! : "");

    // An address that means all of one's own means the peer's to a peer.
    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
