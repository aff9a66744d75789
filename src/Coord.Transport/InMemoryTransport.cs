using System.Buffers;
using Coord.Raft;
using Coord.Transport.Connections;

namespace Coord.Transport;

/// <summary>One member's end of an <see cref="InMemoryNetwork"/>.</summary>
public sealed class InMemoryTransport : IRaftTransport
{
    private readonly InMemoryNetwork _network;
    private readonly ulong _bootId;
    private readonly Lock _lock = new();
    private readonly HashSet<NodeId> _members = [];
    private readonly HashSet<NodeId> _removed = [];
    private IRaftMessageReceiver? _receiver;
    private MemoryLink[] _links = [];
    private bool _isDisposed;

    internal InMemoryTransport(InMemoryNetwork network)
    {
        _network = network;
        _bootId = network.NextBootId();
    }

    /// <summary>Gets what the member says about itself.</summary>
    internal PeerHello Hello => _receiver!.LocalHello with { BootId = _bootId };

    /// <inheritdoc/>
    public ValueTask StartAsync(IRaftMessageReceiver receiver, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_receiver is not null)
            throw new InvalidOperationException("The transport has been started already.");

        _receiver = receiver;
        _network.Join(Hello.NodeId, this);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public bool TrySend(in Message message) => Find(message.To)?.TrySend(message) ?? false;

    /// <inheritdoc/>
    public void Flush()
    {
        foreach (MemoryLink link in Volatile.Read(ref _links))
            link.Flush();
    }

    /// <inheritdoc/>
    public void UpdateMembers(IReadOnlyList<Member> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        List<NodeId> gone;
        lock (_lock)
        {
            HashSet<NodeId> now = [.. members.Select(member => member.Id)];
            gone = [.. _members.Except(now)];
            _removed.UnionWith(gone);
            _removed.ExceptWith(now);
            _members.Clear();
            _members.UnionWith(now);
        }

        foreach (NodeId node in gone)
            CloseLink(node);
        if (_receiver is not null)
            _network.ConnectAll(Hello.NodeId);
    }

    /// <summary>Leaves the network. Messages that are queued are lost.</summary>
    public ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return ValueTask.CompletedTask;

        _isDisposed = true;
        if (_receiver is not null)
            _network.Leave(Hello.NodeId, this);

        foreach (MemoryLink link in Interlocked.Exchange(ref _links, []))
            link.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Decides whether to talk to a peer.</summary>
    internal bool Accepts(in PeerHello peer)
    {
        lock (_lock)
        {
            if (_isDisposed || _removed.Contains(peer.NodeId) || peer.ClusterId != Hello.ClusterId)
                return false;
        }

        return !HasRemoved(peer) && _receiver!.AcceptPeer(peer, out _);
    }

    /// <summary>Tells whether a peer was a member, with the directory that it has now, and was removed.</summary>
    internal bool HasRemoved(in PeerHello peer)
    {
        lock (_lock)
        {
            if (_isDisposed || _members.Contains(peer.NodeId))
                return false;
        }

        return _receiver!.IsRemoved(peer);
    }

    /// <summary>Is told by a peer that this member was removed.</summary>
    internal void ReportRemoved(NodeId peer) => _receiver!.ReportRemoved(peer);

    /// <summary>Takes a message from a peer.</summary>
    internal ReceiveResult Receive(NodeId from, byte[] message, int length, EntryArena arena) =>
        _isDisposed ? ReceiveResult.Dropped
            : _receiver!.Receive(from, new ReadOnlySequence<byte>(message, 0, length), arena);

    /// <summary>Tells whether messages to a peer pass.</summary>
    internal bool IsLinked(NodeId peer) => Find(peer) is not null;

    /// <summary>Adds a link.</summary>
    internal void OpenLink(MemoryLink link)
    {
        lock (_lock)
        {
            if (_isDisposed || IsLinked(link.To))
                return;

            Volatile.Write(ref _links, [.. _links, link]);
        }

        _receiver!.ReportConnected(link.To);
    }

    /// <summary>Ends the link to a peer, if there is one.</summary>
    internal void CloseLink(NodeId peer)
    {
        MemoryLink? link;
        lock (_lock)
        {
            link = Find(peer);
            Volatile.Write(ref _links, [.. _links.Where(other => other != link)]);
        }

        if (link is null)
            return;

        link.Dispose();
        _receiver!.ReportUnreachable(peer);
    }

    private MemoryLink? Find(NodeId peer)
    {
        foreach (MemoryLink link in Volatile.Read(ref _links))
        {
            if (link.To == peer)
                return link;
        }

        return null;
    }
}
