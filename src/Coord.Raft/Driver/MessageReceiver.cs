using System.Buffers;
using Coord.Raft.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Coord.Raft.Driver;

/// <summary>Takes messages from the transport's threads and queues them for the owner loop.</summary>
internal sealed class MessageReceiver(
    RaftOptions options, Guid directoryId, RaftDriver driver, StorageLoop storage, KnownPeers peers, Removal removal,
    ILogger logger)
    : IRaftMessageReceiver
{
    private const int MaxRemembered = 256;

    private readonly Dictionary<NodeId, string> _refusals = [];

    /// <inheritdoc/>
    public PeerHello LocalHello
    {
        get
        {
            (Term term, EntryId lastLog) = storage.Durable;
            return new PeerHello(options.ClusterId, options.NodeId, directoryId, term, lastLog);
        }
    }

    /// <summary>Gets what is on the disk, where <see cref="LocalHello"/> has what may have been; for tests.</summary>
    internal EntryId DurableEnd => storage.DurableEnd;

    /// <summary>Gets the term and vote on the disk; for tests.</summary>
    internal (Term Term, NodeId Vote) DurableVote => storage.DurableVote;

    /// <inheritdoc/>
    public bool AcceptPeer(in PeerHello peer, out string? refusal)
    {
        try
        {
            // What claims to be this member would be believed like this member's own disk.
            refusal = peer.NodeId == options.NodeId
                ? $"{options.NodeId} exists twice; give one of the two another id."
                : peers.Check(peer);
        }
        catch (IOException exception)
        {
            // Who cannot be remembered is not talked to: after a restart nobody would notice that it changed.
            refusal = $"{options.NodeId} cannot remember its peers: {exception.Message}";
        }

        NoteVerdict(peer.NodeId, refusal);
        return refusal is null;
    }

    /// <inheritdoc/>
    public bool IsRemoved(in PeerHello peer) => peers.IsRemoved(peer);

    /// <inheritdoc/>
    public ReceiveResult Receive(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena)
    {
        ReceiveResult result = Enqueue(from, message, arena);
        driver.Signal.Set();
        return result;
    }

    /// <inheritdoc/>
    public void Flush() => driver.Signal.Run(canWait: true);

    /// <inheritdoc/>
    public ReceiveResult Enqueue(NodeId from, in ReadOnlySequence<byte> message, EntryArena arena)
    {
        if (!MessageCodec.TryRead(message, arena, out Message decoded))
            return ReceiveResult.Malformed;

        if (decoded.From != from || decoded.To != options.NodeId || from == options.NodeId)
        {
            MessageCodec.Discard(decoded);
            return ReceiveResult.Malformed;
        }

        if (driver.TryEnqueueSilently(new Inbound(decoded, Bytes: message.Length)))
            return ReceiveResult.Accepted;

        MessageCodec.Discard(decoded);
        return ReceiveResult.Dropped;
    }

    /// <inheritdoc/>
    public void ReportUnreachable(NodeId peer) => driver.TryEnqueue(new Inbound(default, Unreachable: peer));

    /// <inheritdoc/>
    public void ReportConnected(NodeId peer) => removal.OnAccepted(peer);

    /// <inheritdoc/>
    public void ReportRemoved(NodeId peer)
    {
        if (!removal.OnRefused(peer, driver.Status.Membership))
            return;

        removal.Remember();
        driver.StopBecause(new MemberRemovedException(options.NodeId));
    }

    /// <summary>
    /// Logs a refusal when it is news: a refused peer tries again for ever, on each of its connections.
    /// </summary>
    private void NoteVerdict(NodeId peer, string? refusal)
    {
        lock (_refusals)
        {
            if (refusal is null)
            {
                _refusals.Remove(peer);
                return;
            }

            if (_refusals.TryGetValue(peer, out string? known) && known == refusal)
                return;
            if (_refusals.Count == MaxRemembered)
                _refusals.Clear();

            _refusals[peer] = refusal;
        }

        Log.PeerRefused(logger, peer, refusal);
    }
}
