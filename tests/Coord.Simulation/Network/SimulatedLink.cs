using System.Buffers;
using Coord.Raft;
using Coord.Raft.Tests.Storage;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Network;

/// <summary>The way from a process to a member: it connects, carries messages, breaks, and connects again.</summary>
/// <remarks>As an event it is the next attempt to connect, or the end of a handshake that is under way.</remarks>
internal sealed class SimulatedLink : SimulatedEvent
{
    private const long MaxBytesUnderWay = 16 << 20;

    private readonly SimulatedTransport _sender;
    private readonly SimulatedNetwork _network;
    private readonly EntryArena _arena;
    private readonly long[] _lastArrivals = new long[3];
    private readonly BreakEvent _breaking;
    private SimulatedTransport? _receiver;
    private (SimulatedTransport Peer, PeerHello Ours, PeerHello Theirs)? _handshake;
    private long _bytesUnderWay;
    private bool _isClosed;

    public SimulatedLink(SimulatedTransport sender, NodeId to)
    {
        (_sender, _network, To) = (sender, sender.Network, to);
        _arena = new EntryArena(_network.Blocks);
        _breaking = new BreakEvent(this);
    }

    public NodeId To { get; }

    public bool IsConnected => _receiver is not null;

    /// <summary>Gets the number of the connection: what was sent on an earlier one is lost with it.</summary>
    public int Epoch { get; private set; }

    /// <summary>Encodes a message and sends it on its way.</summary>
    public bool TrySend(in Message message)
    {
        int size = MessageCodec.GetSize(message);
        if (_bytesUnderWay > 0 && _bytesUnderWay + size > MaxBytesUnderWay)
            return false;

        MessageFates fates = _network.Fates;
        if (_network.IsCut(_sender.Id, To))
        {
            NoticeInTime();
            return true;
        }

        if (_network.IsStreaming)
        {
            if (fates.IsLost())
                Break();
            else
                Deliver(message, size, fates.DrawDelay(), inOrder: true);
            return true;
        }

        if (fates.IsDoubled())
            Deliver(message, size, 3 * fates.DrawDelay(), inOrder: false);
        if (!fates.IsLost())
            Deliver(message, size, fates.DrawDelay() + fates.DrawHoarding(message.Kind), inOrder: false);
        return true;
    }

    /// <summary>Ends the connection, and makes another one in time.</summary>
    public void Break()
    {
        if (_isClosed || _receiver is null)
            return;

        _network.World.Trace.Add(_sender.Id.ToString(), $"lost its connection to {To}");
        _receiver = null;
        Epoch++;
        _sender.Receiver.ReportUnreachable(To);
        Retry();
    }

    /// <summary>Is told that the peer's process is gone; when that shows here is a matter of chance.</summary>
    public void OnPeerGone()
    {
        if (_isClosed || _receiver is null || _breaking.IsScheduled)
            return;

        bool isTold = _network.Connecting.Next(4) > 0;
        long delay = isTold ? _network.Plan.NetworkDelay : _network.Connecting.Between(0, 5 * Span.Second);
        _network.World.Schedule(_breaking, delay);
    }

    public void Close()
    {
        _isClosed = true;
        _receiver = null;
        Epoch++;
        Cancel();
        _breaking.Cancel();
    }

    /// <inheritdoc/>
    public override void Run()
    {
        if (_isClosed || IsConnected || _sender.Process.TryHoldUp(this))
            return;

        if (_handshake is { } handshake)
            EndHandshake(handshake.Peer, handshake.Ours, handshake.Theirs);
        else
            BeginHandshake();
    }

    private void NoticeInTime()
    {
        if (!_breaking.IsScheduled)
            _network.World.Schedule(_breaking, _network.Connecting.LogUniform(Span.Millisecond, 4 * Span.Second));
    }

    private void BeginHandshake()
    {
        SimulatedTransport? peer = _network.Find(To);
        if (peer is not { IsUp: true, Process.IsPaused: false } || _network.IsCut(_sender.Id, To)
            || _network.IsCut(To, _sender.Id))
        {
            Retry();
            return;
        }

        // Said now, heard a little later: what is heard may be overtaken.
        _handshake = (peer, _sender.Hello, peer.Hello);
        _network.World.Schedule(this, _network.Fates.DrawDelay());
    }

    private void EndHandshake(SimulatedTransport peer, in PeerHello ours, in PeerHello theirs)
    {
        _handshake = null;
        if (!peer.IsUp || !Accepts(peer, ours) || !_sender.IsUp || !Accepts(_sender, theirs) || _isClosed)
        {
            if (_isClosed)
                return;

            Retry();
            if (peer.IsUp && _sender.IsUp && peer.HasRemoved(ours))
                ReportRemoved();
            return;
        }

        _receiver = peer;
        _network.World.Trace.Mix(_network.World.Now, 4, (long)To.Value);
        _sender.Receiver.ReportConnected(To);
        peer.OnConnectedBy(_sender.Id);
    }

    /// <summary>Tells the sender that it was removed; it writes that down, and may lose its power over it.</summary>
    private void ReportRemoved()
    {
        try
        {
            _sender.Receiver.ReportRemoved(To);
        }
        catch (PowerCutException)
        {
            _sender.Process.Node.CutPower("when it heard that it was removed");
        }
    }

    /// <summary>Lets a process decide; it writes down whom it knows, and may lose its power over that.</summary>
    private static bool Accepts(SimulatedTransport decider, in PeerHello peer)
    {
        try
        {
            return decider.Accepts(peer);
        }
        catch (PowerCutException)
        {
            decider.Process.Node.CutPower("when it met a peer");
            return false;
        }
    }

    private void Retry() => _network.World.Schedule(
        this, _network.Connecting.LogUniform(5 * Span.Millisecond, Span.Of(_network.Plan.ElectionTimeout)));

    private void Deliver(in Message message, int size, long delay, bool inOrder)
    {
        Delivery delivery = Delivery.Rent(this, _receiver!, message, size);
        _bytesUnderWay += size;
        World world = _network.World;
        if (inOrder)
        {
            ref long last = ref _lastArrivals[(int)Lanes.Of(message.Kind)];
            last = Math.Max(last + 1, world.Now + delay);
            delay = last - world.Now;
        }

        world.Schedule(delivery, delay);
    }

    private void Arrive(Delivery delivery, SimulatedTransport receiver, int epoch)
    {
        _bytesUnderWay -= delivery.Length;
        bool isLost = !receiver.IsUp || (_network.IsStreaming && epoch != Epoch);
        if (isLost || _network.IsCut(_sender.Id, To))
            return;

        _network.World.Trace.Mix(_network.World.Now, 5, ((long)To.Value << 32) | (uint)delivery.Length);
        receiver.Process.Node.Cluster.Checks.OnArrival(
            receiver.Process, _sender.Id, delivery.Kind, delivery.IsRefusal);
        ReceiveResult result = receiver.Receiver.Receive(_sender.Id, delivery.Bytes, _arena);
        if (result is ReceiveResult.Malformed)
            _network.World.Fail("malformed", $"{To} cannot read a message of {_sender.Id}.");
    }

    /// <summary>The moment at which the sender notices that nothing arrives any more.</summary>
    private sealed class BreakEvent(SimulatedLink link) : SimulatedEvent
    {
        public override void Run()
        {
            if (!link._sender.Process.TryHoldUp(this))
                link.Break();
        }
    }

    /// <summary>One message on its way.</summary>
    private sealed class Delivery : SimulatedEvent
    {
        private SimulatedLink _link = null!;
        private SimulatedTransport _receiver = null!;
        private byte[] _bytes = [];
        private int _epoch;

        public int Length { get; private set; }

        public MessageKind Kind { get; private init; }

        public bool IsRefusal { get; private init; }

        public ReadOnlySequence<byte> Bytes => new(_bytes, 0, Length);

        public static Delivery Rent(SimulatedLink link, SimulatedTransport receiver, in Message message, int size)
        {
            Delivery delivery = new()
            {
                _link = link,
                _receiver = receiver,
                _epoch = link.Epoch,
                Kind = message.Kind,
                IsRefusal = message.Reject,
                _bytes = ArrayPool<byte>.Shared.Rent(size),
            };
            RentedWriter writer = new(delivery._bytes);
            MessageCodec.Write(message, writer);
            delivery.Length = writer.Written;
            return delivery;
        }

        public override void Run()
        {
            if (_receiver.Process.TryHoldUp(this))
                return;

            _link.Arrive(this, _receiver, _epoch);
            ArrayPool<byte>.Shared.Return(_bytes);
        }
    }
}
