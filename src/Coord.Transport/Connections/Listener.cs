using System.Net;
using System.Net.Sockets;
using Coord.Raft;
using Coord.Transport.Diagnostics;
using Coord.Transport.Framing;
using Coord.Transport.Tls;
using Microsoft.Extensions.Logging;

namespace Coord.Transport.Connections;

/// <summary>Accepts connections, and lets in who belongs here.</summary>
/// <remarks>
/// Until its handshake ends a connection is a stranger's: it has a deadline, their number is bounded, and nothing that
/// it sends reaches the node. There is one connection for each peer and lane; a new one displaces the old, since a peer
/// dials again when it has given the old one up.
/// </remarks>
internal sealed class Listener(ConnectionContext context, PeerDirectory directory) : IAsyncDisposable
{
    private const int Backlog = 256;
    private static readonly TimeSpan AcceptRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly LinkedList<Socket> _pending = new();
    private readonly Dictionary<(NodeId Peer, Lane Lane), InboundConnection> _inbound = [];
    private Socket? _socket;
    private Task _accepting = Task.CompletedTask;

    /// <summary>Gets the endpoint in use.</summary>
    public EndPoint? LocalEndPoint { get; private set; }

    /// <summary>Gets how many connections are in their handshake.</summary>
    public int PendingHandshakes
    {
        get
        {
            lock (_lock)
                return _pending.Count;
        }
    }

    /// <summary>Takes the address; connections wait until <see cref="Start"/>.</summary>
    /// <exception cref="TransportException">The address cannot be used.</exception>
    public void Bind()
    {
        string address = context.Options.ListenAddress;
        IPEndPoint endpoint = PeerAddress.Parse(address).ToEndPoint()!;
        // A machine without IPv6 has all its addresses in IPv4.
        if (endpoint.Address.Equals(IPAddress.IPv6Any) && !Socket.OSSupportsIPv6)
            endpoint = new IPEndPoint(IPAddress.Any, endpoint.Port);

        Socket socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(endpoint);
            socket.Listen(Backlog);
            LocalEndPoint = socket.LocalEndPoint; // A copy: asked of a closed socket it throws.
            _socket = socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new TransportException(
                $"Cannot listen for peers on {address}: {e.Message} Choose another address or stop who uses it.", e);
        }
    }

    /// <summary>Starts to accept.</summary>
    public void Start() => _accepting = Task.Run(AcceptLoopAsync);

    /// <summary>Stops to accept, and ends connections that are in their handshake.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _socket?.Dispose();
        await _accepting.ConfigureAwait(false);
        lock (_lock)
        {
            foreach (Socket socket in _pending)
                socket.Dispose();
        }

        _stop.Dispose();
    }

    private async Task AcceptLoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket socket = await _socket!.AcceptAsync(_stop.Token).ConfigureAwait(false);
                LinkedListNode<Socket> place = AddPending(socket);
                context.Connections.Track(Task.Run(() => HandleAsync(socket, place)));
            }
            catch (Exception e) when (_stop.IsCancellationRequested && e is not OutOfMemoryException)
            {
                return;
            }
            catch (SocketException e) when (
                e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // Who was about to connect has left again.
            }
            catch (SocketException e)
            {
                // Out of descriptors or memory, most likely: without a pause this would spin until some are freed.
                if (context.LogLimit.TryTake(out long suppressed))
                    Log.CannotAccept(context.Logger, e.Message, suppressed);
                await PauseAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(AcceptRetryDelay, context.TimeProvider, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private LinkedListNode<Socket> AddPending(Socket socket)
    {
        lock (_lock)
        {
            // The oldest has had the most time: an honest peer would have finished. Turning away the new ones instead
            // would let whoever holds all places keep every peer out.
            if (_pending.Count >= context.Options.MaxPendingHandshakes)
            {
                context.Metrics.HandshakeFailed("Displaced");
                _pending.First!.Value.Dispose();
                _pending.RemoveFirst();
            }

            return _pending.AddLast(socket);
        }
    }

    private void RemovePending(LinkedListNode<Socket> place)
    {
        lock (_lock)
        {
            if (place.List is not null)
                _pending.Remove(place);
        }
    }

    private async Task HandleAsync(Socket socket, LinkedListNode<Socket> place)
    {
        string address = "a closed socket";
        try
        {
            SocketWire.Configure(socket, context.Options.IdleTimeout);
            address = socket.RemoteEndPoint?.ToString() ?? address;
            Established? established = await ShakeHandsAsync(socket).ConfigureAwait(false);
            RemovePending(place);
            if (established is not null)
                await ServeAsync(established).ConfigureAwait(false);
        }
        catch (HandshakeException e)
        {
            context.Metrics.HandshakeFailed(e.Refusal.Reason.ToString());
            if (context.LogLimit.TryTake(out long suppressed))
                Log.RefusedPeer(context.Logger, address, e.Refusal.Reason, e.Refusal.Text, suppressed);
        }
        catch (Exception e)
        {
            // A stranger's connection must not be able to end anything but itself.
            context.Metrics.HandshakeFailed(e is BadFrameException bad ? bad.Status.ToString() : "Broken");
            if (!_stop.IsCancellationRequested && context.LogLimit.TryTake(out long suppressed))
                Log.BadConnection(context.Logger, address, e.Message, suppressed);
        }
        finally
        {
            RemovePending(place);
            socket.Dispose();
        }
    }

    private async Task<Established?> ShakeHandsAsync(Socket socket)
    {
        using CancellationTokenSource deadline = new(context.Options.HandshakeTimeout, context.TimeProvider);
        using CancellationTokenRegistration registration =
            deadline.Token.UnsafeRegister(static s => ((Socket)s!).Dispose(), socket);
        try
        {
            Wire wire = context.Tls is null
                ? new SocketWire(socket)
                : await TlsWire.AcceptAsync(socket, context.Tls).ConfigureAwait(false);
            return await Handshake.AcceptAsync(context, wire, hello => Admit(wire, hello), Roster, EnlistAsync)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (deadline.IsCancellationRequested && e is not HandshakeException)
        {
            throw new TimeoutException("The handshake took too long.", e);
        }
    }

    private PeerRoster Roster() => new(context.LocalHello().ClusterId, directory.Members());

    private Task<string?> EnlistAsync(ReadOnlyMemory<byte> secret, string address) =>
        context.Options.Admission is { } admission
            ? admission.AdmitAsync(secret, address, _stop.Token)
            : Task.FromResult<string?>("Nobody is let in here unasked; add the node first (coordctl member add).");

    private async Task ServeAsync(Established established)
    {
        using InboundConnection connection = new(context, established);
        NodeId peer = connection.Peer.NodeId;
        Register(connection);
        LogLevel level = Lanes.Loudness(connection.Lane, LogLevel.Information);
        Log.Accepted(context.Logger, level, peer, connection.Wire.RemoteAddress, connection.Lane);
        if (directory.StandingOf(peer) is PeerStanding.Unknown)
            directory.TryAddGuest(peer, connection.Peer.Address);
        directory.Find(peer)?.Poke();
        string reason = await connection.RunAsync().ConfigureAwait(false);
        Log.InboundEnded(context.Logger, level, peer, connection.Lane, reason);
        if (Unregister(connection))
            directory.RemoveGuest(peer);
    }

    /// <summary>Decides about a peer whose handshake is sound; null lets it in.</summary>
    private Refusal? Admit(Wire wire, Hello hello)
    {
        NodeId peer = hello.Peer.NodeId;
        PeerStanding standing = directory.StandingOf(peer);
        if (standing is not PeerStanding.Member && context.Receiver.IsRemoved(hello.Peer))
            return new Refusal(RefusalReason.Removed, $"{peer} was removed from the cluster.");
        if (standing is PeerStanding.Removed)
        {
            return new Refusal(RefusalReason.UnknownMember,
                $"{peer} was removed from the cluster; if it was added again, {context.LocalHello().NodeId} has not "
                + "heard of that yet.");
        }

        if (standing is PeerStanding.Unknown && context.Options.MaxUnknownPeers == 0)
            return new Refusal(RefusalReason.UnknownMember, $"{peer} is no member of the cluster.");

        string address = directory.AddressOf(peer) ?? hello.Peer.Address;
        string host = PeerAddress.TryParse(address, out PeerAddress parsed) ? parsed.Host : "";
        if (wire.CheckIdentity(peer, host) is { } problem)
            return new Refusal(RefusalReason.Certificate, problem);
        if (FindOtherDirectory(hello))
        {
            return new Refusal(RefusalReason.DuplicateId,
                $"Another process with id {peer} and another data directory is connected.");
        }

        if (Handshake.AskReceiver(context, hello.Peer) is { } refusal)
            return refusal;
        if (standing is PeerStanding.Unknown && !directory.HasRoomFor(peer, hello.Peer.Address))
        {
            return new Refusal(RefusalReason.Busy,
                $"{peer} is not known here, and gave no address to answer to or is one too many.");
        }

        return null;
    }

    private bool FindOtherDirectory(in Hello hello)
    {
        lock (_lock)
        {
            foreach (((NodeId peer, _), InboundConnection connection) in _inbound)
            {
                if (peer == hello.Peer.NodeId && connection.Peer.DirectoryId != hello.Peer.DirectoryId)
                    return true;
            }
        }

        return false;
    }

    private void Register(InboundConnection connection)
    {
        InboundConnection? previous;
        lock (_lock)
        {
            _inbound.TryGetValue((connection.Peer.NodeId, connection.Lane), out previous);
            _inbound[(connection.Peer.NodeId, connection.Lane)] = connection;
        }

        previous?.Abort("The peer has made a new connection.");
    }

    /// <summary>Forgets a connection, and says whether it was the last of its peer.</summary>
    private bool Unregister(InboundConnection connection)
    {
        NodeId peer = connection.Peer.NodeId;
        lock (_lock)
        {
            if (_inbound.TryGetValue((peer, connection.Lane), out InboundConnection? current) && current == connection)
                _inbound.Remove((peer, connection.Lane));

            return !_inbound.Keys.Any(key => key.Peer == peer);
        }
    }
}
