using System.Buffers;

namespace Coord.Raft;

/// <summary>Takes what a transport received. Implemented by the node; called by the transport's threads.</summary>
public interface IRaftMessageReceiver
{
    /// <summary>
    /// Gets what this member tells its peers in each handshake, as of now. Complete before the transport is started.
    /// Thread-safe, and quick.
    /// </summary>
    PeerHello LocalHello { get; }

    /// <summary>
    /// Decides whether to talk to a peer; once for each connection, in either direction, before any message.
    /// Thread-safe; the transport has already checked cluster, target and certificate.
    /// </summary>
    /// <remarks>This is where a member that returns with an empty or an older data directory is recognised.</remarks>
    /// <param name="peer">What the peer said about itself.</param>
    /// <param name="refusal">
    /// If false is returned, why, as a sentence for both sides' logs that says what to do; it is sent to the peer.
    /// </param>
    /// <returns>False to close the connection; the peer tries again later.</returns>
    bool AcceptPeer(in PeerHello peer, out string? refusal);

    /// <summary>
    /// Tells whether a peer that is no member was one, with the data directory that it has now, and was removed. The
    /// transport then refuses it for that reason, which is final. Thread-safe.
    /// </summary>
    /// <remarks>
    /// Under the same id a member may be added again, with a new directory. Who has not heard of that yet must not tell
    /// the new one that it was removed.
    /// </remarks>
    /// <param name="peer">What the peer said about itself.</param>
    bool IsRemoved(in PeerHello peer);

    /// <summary>Decodes and queues one message. Thread-safe; the bytes are not used after the call.</summary>
    /// <param name="from">The peer as the connection's handshake established it.</param>
    /// <param name="message">One message in the format of <see cref="MessageCodec"/>.</param>
    /// <param name="arena">The connection's own arena, into which entries are copied.</param>
    /// <returns>
    /// What became of it. After <see cref="ReceiveResult.Malformed"/> the transport closes the connection.
    /// </returns>
    ReceiveResult Receive(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena);

    /// <summary>
    /// Does as <see cref="Receive"/>, for one of several messages that arrived together: the node need not look at it
    /// before <see cref="Flush"/> is called, which the caller does soon.
    /// </summary>
    /// <param name="from">The peer as the connection's handshake established it.</param>
    /// <param name="message">One message in the format of <see cref="MessageCodec"/>.</param>
    /// <param name="arena">The connection's own arena, into which entries are copied.</param>
    /// <returns>What became of it, as for <see cref="Receive"/>.</returns>
    ReceiveResult Enqueue(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena) =>
        Receive(from, message, arena);

    /// <summary>
    /// Lets the node look at what was enqueued; thread-safe. It may do its work on the calling thread, which saves
    /// waking one of its own: some tens of microseconds, without waiting for anything. Not under a lock.
    /// </summary>
    void Flush()
    {
    }

    /// <summary>
    /// Reports that a peer's connection broke or could not be made, or that messages to it were lost. Thread-safe.
    /// </summary>
    /// <param name="peer">The peer.</param>
    void ReportUnreachable(NodeId peer);

    /// <summary>
    /// Reports that a peer refuses to talk to this member, saying that it was removed from the cluster; the peer is
    /// known to be the one that was dialled. Thread-safe. It is that peer's word alone: the node decides what it is
    /// worth.
    /// </summary>
    /// <param name="peer">The peer.</param>
    void ReportRemoved(NodeId peer);

    /// <summary>Reports that a connection to a peer was established; messages to it pass now. Thread-safe.</summary>
    /// <param name="peer">The peer.</param>
    void ReportConnected(NodeId peer);
}
