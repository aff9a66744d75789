namespace Coord.Raft;

/// <summary>
/// Carries messages to other members. Implemented by Coord.Transport, called by the node's owner loop.
/// </summary>
/// <remarks>
/// Raft needs no delivery guarantee: an implementation may lose, delay, repeat and reorder messages. It must not
/// block and must not grow without bound: what does not fit is dropped. It keeps heartbeats, votes and their answers
/// ahead of entries, and entries ahead of snapshot chunks.
/// </remarks>
public interface IRaftTransport : IAsyncDisposable
{
    /// <summary>Starts to listen and to deliver what arrives.</summary>
    /// <param name="receiver">Whom to hand arriving messages to.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="CoordException">The address cannot be used; the message says which and why.</exception>
    ValueTask StartAsync(IRaftMessageReceiver receiver, CancellationToken cancellationToken);

    /// <summary>
    /// Encodes and queues a message to <see cref="Message.To"/>; borrowed memory is not used after the call.
    /// Thread-safe.
    /// </summary>
    /// <param name="message">The message; its size is within <see cref="MessageCodec.MaxMessageBytes"/>.</param>
    /// <returns>False if it was dropped: no connection, no such peer, or a full queue.</returns>
    bool TrySend(in Message message);

    /// <summary>
    /// Sends what was queued since the last call; at the end of every turn of the owner loop. Thread-safe.
    /// </summary>
    void Flush();

    /// <summary>Tells the transport who belongs to the cluster now, with their addresses.</summary>
    /// <param name="members">All members, this one included. Connections to others are closed.</param>
    void UpdateMembers(IReadOnlyList<Member> members);
}
