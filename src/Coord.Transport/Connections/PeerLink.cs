using Coord.Raft;
using Coord.Transport.Framing;

namespace Coord.Transport.Connections;

/// <summary>The way to one peer at one address: a connection for each lane.</summary>
/// <remarks>A peer that moves gets a new link. Thread-safe.</remarks>
internal sealed class PeerLink
{
    private readonly ConnectionContext _context;
    private readonly LaneDialer[] _dialers = new LaneDialer[Lanes.Count];
    private readonly Lock _lock = new();
    private int _lanesUp;

    public PeerLink(ConnectionContext context, NodeId peer, PeerAddress address, bool isGuest)
    {
        _context = context;
        Peer = peer;
        Address = address;
        IsGuest = isGuest;
        for (int i = 0; i < Lanes.Count; i++)
            _dialers[i] = new LaneDialer(context, this, (Lane)i);
    }

    /// <summary>Gets the peer.</summary>
    public NodeId Peer { get; }

    /// <summary>Gets where the peer is.</summary>
    public PeerAddress Address { get; }

    /// <summary>Gets a value indicating whether the peer is not a member as far as this one knows.</summary>
    public bool IsGuest { get; }

    /// <summary>Gets a value indicating whether a lane is connected.</summary>
    public bool IsConnected(Lane lane) => _dialers[(int)lane].IsConnected;

    /// <summary>Gets a value indicating whether a lane waits for an answer to a ping.</summary>
    public bool IsPinging(Lane lane) => _dialers[(int)lane].IsPinging;

    /// <summary>Gets how many bytes wait in a lane.</summary>
    public long QueuedBytes(Lane lane) => _dialers[(int)lane].QueuedBytes;

    /// <summary>Begins to connect.</summary>
    public void Start()
    {
        foreach (LaneDialer dialer in _dialers)
            _context.Connections.Track(Task.Run(dialer.RunAsync));
    }

    /// <summary>Ends all connections and attempts.</summary>
    public void Stop()
    {
        foreach (LaneDialer dialer in _dialers)
            dialer.Dispose();
    }

    /// <summary>Queues a message in its lane.</summary>
    public bool TrySend(in Message message) => _dialers[(int)Lanes.Of(message.Kind)].TrySend(message);

    /// <summary>Sends what is queued.</summary>
    public void Flush()
    {
        // In this order: what keeps a leader in office leaves first.
        foreach (LaneDialer dialer in _dialers)
            dialer.Flush();
    }

    /// <summary>Takes note that the peer has just connected: it is back.</summary>
    public void Poke()
    {
        foreach (LaneDialer dialer in _dialers)
            dialer.Poke();
    }

    /// <summary>Takes note that a lane is connected; with control and log both up, the peer is.</summary>
    public void OnLaneUp(Lane lane)
    {
        if (lane is Lane.Bulk)
            return;

        bool isUp;
        lock (_lock)
            isUp = ++_lanesUp == 2;
        if (isUp)
            _context.Receiver.ReportConnected(Peer);
    }

    /// <summary>
    /// Takes note that a lane broke. Lost entries have to be sent again; lost chunks of a snapshot are noticed by the
    /// answers that do not come.
    /// </summary>
    public void OnLaneDown(Lane lane)
    {
        if (lane is Lane.Bulk)
            return;

        lock (_lock)
            _lanesUp--;
        _context.Receiver.ReportUnreachable(Peer);
    }

    /// <summary>Takes note that a lane could not be connected.</summary>
    public void OnDialFailed(Lane lane)
    {
        if (lane is Lane.Control)
            _context.Receiver.ReportUnreachable(Peer);
    }
}
