using System.Buffers;

namespace Coord.Raft;

/// <summary>Takes what a transport received. Implemented by the node; called by the transport's threads.</summary>
public interface IRaftMessageReceiver
{
    /// <summary>Decodes and queues one message. Thread-safe; the bytes are not used after the call.</summary>
    /// <param name="from">The peer as the connection's handshake established it.</param>
    /// <param name="message">One message in the format of <see cref="MessageCodec"/>.</param>
    /// <param name="arena">The connection's own arena, into which entries are copied.</param>
    /// <returns>
    /// What became of it. After <see cref="ReceiveResult.Malformed"/> the transport closes the connection.
    /// </returns>
    ReceiveResult Receive(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena);

    /// <summary>Reports that a peer's connection broke or could not be made. Thread-safe.</summary>
    /// <param name="peer">The peer.</param>
    void ReportUnreachable(NodeId peer);

    /// <summary>Reports that a peer's connection was established. Thread-safe.</summary>
    /// <param name="peer">The peer.</param>
    void ReportConnected(NodeId peer);
}
