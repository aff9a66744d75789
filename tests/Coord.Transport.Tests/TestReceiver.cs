using System.Buffers;
using System.Collections.Concurrent;
using Coord.Raft;

namespace Coord.Transport.Tests;

/// <summary>A node that only takes notes.</summary>
internal sealed class TestReceiver(ulong id, ulong cluster = 7) : IRaftMessageReceiver
{
    private readonly ConcurrentQueue<Message> _messages = new();
    private long _count;

    public NodeId Id { get; } = new(id);

    public PeerHello LocalHello { get; set; } =
        new(new ClusterId(cluster), new NodeId(id), new Guid((int)id, 0, 0, new byte[8]), new Term(1), EntryId.Zero);

    /// <summary>Decides about peers; lets all in by default.</summary>
    public Func<PeerHello, string?> Refuse { get; set; } = _ => null;

    /// <summary>Says who was removed; nobody by default.</summary>
    public Func<PeerHello, bool> Removed { get; set; } = _ => false;

    /// <summary>Whether messages are kept; otherwise they are counted alone.</summary>
    public bool Keeps { get; set; } = true;

    public ReceiveResult Result { get; set; } = ReceiveResult.Accepted;

    public ConcurrentQueue<PeerHello> Hellos { get; } = new();

    public ConcurrentQueue<NodeId> Connected { get; } = new();

    public ConcurrentQueue<NodeId> RemovedBy { get; } = new();

    public ConcurrentQueue<NodeId> Unreachable { get; } = new();

    public IReadOnlyCollection<Message> Messages => _messages;

    public long Count => Volatile.Read(ref _count);

    public bool AcceptPeer(in PeerHello peer, out string? refusal)
    {
        Hellos.Enqueue(peer);
        refusal = Refuse(peer);
        return refusal is null;
    }

    public ReceiveResult Receive(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena)
    {
        if (Result is not ReceiveResult.Accepted)
            return Result;
        if (!MessageCodec.TryRead(message, arena, out Message read) || read.From != from || read.To != Id)
            return ReceiveResult.Malformed;

        if (Keeps)
            _messages.Enqueue(read);
        else
            MessageCodec.Discard(read);

        Interlocked.Increment(ref _count);
        return ReceiveResult.Accepted;
    }

    public bool IsRemoved(in PeerHello peer) => Removed(peer);

    public void ReportRemoved(NodeId peer) => RemovedBy.Enqueue(peer);

    public void ReportUnreachable(NodeId peer) => Unreachable.Enqueue(peer);

    public void ReportConnected(NodeId peer) => Connected.Enqueue(peer);
}
