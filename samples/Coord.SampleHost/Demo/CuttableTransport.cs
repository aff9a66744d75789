using System.Buffers;
using Coord.Raft;

namespace Coord.SampleHost.Demo;

/// <summary>A network cable with a switch: while it is cut, nothing goes out and nothing comes in.</summary>
internal sealed class CuttableTransport(IRaftTransport inner) : IRaftTransport, IRaftMessageReceiver
{
    private IRaftMessageReceiver? _receiver;
    private volatile bool _isCut;

    public bool IsCut
    {
        get => _isCut;
        set => _isCut = value;
    }

    public ValueTask StartAsync(IRaftMessageReceiver receiver, CancellationToken cancellationToken)
    {
        _receiver = receiver;
        return inner.StartAsync(this, cancellationToken);
    }

    public bool TrySend(in Message message) => !_isCut && inner.TrySend(message);

    public void Flush() => inner.Flush();

    public void UpdateMembers(IReadOnlyList<Member> members) => inner.UpdateMembers(members);

    public PeerHello LocalHello => _receiver!.LocalHello;

    public bool AcceptPeer(in PeerHello peer, out string? refusal) => _receiver!.AcceptPeer(peer, out refusal);

    public ReceiveResult Receive(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena) =>
        _isCut ? ReceiveResult.Dropped : _receiver!.Receive(from, message, arena);

    public ReceiveResult Enqueue(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena) =>
        _isCut ? ReceiveResult.Dropped : _receiver!.Enqueue(from, message, arena);

    void IRaftMessageReceiver.Flush() => _receiver!.Flush();

    public bool IsRemoved(in PeerHello peer) => _receiver!.IsRemoved(peer);

    public void ReportRemoved(NodeId peer) => _receiver!.ReportRemoved(peer);

    public void ReportUnreachable(NodeId peer) => _receiver!.ReportUnreachable(peer);

    public void ReportConnected(NodeId peer) => _receiver!.ReportConnected(peer);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
