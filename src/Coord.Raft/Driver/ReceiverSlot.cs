using System.Buffers;

namespace Coord.Raft.Driver;

/// <summary>Hands what the transport receives to whom it is for at present: a repair first, then the node.</summary>
internal sealed class ReceiverSlot : IRaftMessageReceiver
{
    private volatile IRaftMessageReceiver? _current;

    /// <inheritdoc/>
    public PeerHello LocalHello => _current!.LocalHello;

    /// <summary>Takes a receiver in; returns whether it is the first, so that the transport is to be started.</summary>
    public bool Begin(IRaftMessageReceiver receiver)
    {
        bool isFirst = _current is null;
        _current = receiver;
        return isFirst;
    }

    /// <inheritdoc/>
    public bool AcceptPeer(in PeerHello peer, out string? refusal) => _current!.AcceptPeer(peer, out refusal);

    /// <inheritdoc/>
    public ReceiveResult Receive(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena) =>
        _current!.Receive(from, message, arena);

    /// <inheritdoc/>
    public ReceiveResult Enqueue(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena) =>
        _current!.Enqueue(from, message, arena);

    /// <inheritdoc/>
    public void Flush() => _current!.Flush();

    /// <inheritdoc/>
    public bool IsRemoved(in PeerHello peer) => _current!.IsRemoved(peer);

    /// <inheritdoc/>
    public void ReportRemoved(NodeId peer) => _current!.ReportRemoved(peer);

    /// <inheritdoc/>
    public void ReportUnreachable(NodeId peer) => _current!.ReportUnreachable(peer);

    /// <inheritdoc/>
    public void ReportConnected(NodeId peer) => _current!.ReportConnected(peer);
}
