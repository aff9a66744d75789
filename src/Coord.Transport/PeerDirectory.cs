using Coord.Raft;
using Coord.Transport.Connections;

namespace Coord.Transport;

/// <summary>Knows who belongs to the cluster and where they are, and holds the link to each of them.</summary>
/// <remarks>
/// Besides members there are guests: peers of the same cluster that this member has not heard of, because it was away
/// while they were added. They get a link to the address that they gave, or this member could not answer them. Who was
/// a member and is none any more is remembered, and not let in as a guest.
/// Lookups are lock-free on an immutable picture; changes make a new one under a lock.
/// </remarks>
internal sealed class PeerDirectory(ConnectionContext context)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<NodeId, string> _members = [];
    private readonly HashSet<NodeId> _removed = [];
    private PeerLink[] _links = [];
    private bool _isStarted;
    private bool _isStopped;

    /// <summary>Gets the links in no order, at this moment.</summary>
    public ReadOnlySpan<PeerLink> Links => Volatile.Read(ref _links);

    /// <summary>Finds the link to a peer; null if there is none.</summary>
    public PeerLink? Find(NodeId peer)
    {
        foreach (PeerLink link in Links)
        {
            if (link.Peer == peer)
                return link;
        }

        return null;
    }

    /// <summary>Returns what is known of a node.</summary>
    public PeerStanding StandingOf(NodeId peer)
    {
        lock (_lock)
        {
            return _members.ContainsKey(peer) ? PeerStanding.Member
                : _removed.Contains(peer) ? PeerStanding.Removed
                : PeerStanding.Unknown;
        }
    }

    /// <summary>Returns the address of a member; null if it is not known.</summary>
    public string? AddressOf(NodeId member)
    {
        lock (_lock)
            return _members.TryGetValue(member, out string? address) && address.Length > 0 ? address : null;
    }

    /// <summary>Returns the members, with where they are.</summary>
    public IReadOnlyList<MemberAddress> Members()
    {
        lock (_lock)
            return [.. _members.Select(member => new MemberAddress(member.Key, member.Value))];
    }

    /// <summary>Begins to connect to all who are known.</summary>
    public void Start()
    {
        lock (_lock)
        {
            _isStarted = true;
            Rebuild_NeedsLock([]);
        }
    }

    /// <summary>Ends all links, for ever.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _isStopped = true;
            foreach (PeerLink link in _links)
                link.Stop();

            Volatile.Write(ref _links, []);
        }
    }

    /// <summary>Takes over the members, and returns who is none any more.</summary>
    public IReadOnlyCollection<NodeId> Update(IReadOnlyList<Member> members)
    {
        lock (_lock)
        {
            HashSet<NodeId> gone = [.. _members.Keys];
            _members.Clear();
            foreach (Member member in members)
            {
                _members[member.Id] = member.Address;
                gone.Remove(member.Id);
                _removed.Remove(member.Id);
            }

            _removed.UnionWith(gone);
            if (_isStarted && !_isStopped)
                Rebuild_NeedsLock(gone);
            return gone;
        }
    }

    /// <summary>Tells whether a peer that is no member can have a link; no, if it gave no address.</summary>
    public bool HasRoomFor(NodeId peer, string address)
    {
        lock (_lock)
        {
            bool hasPlace = Find(peer) is not null
                || _links.Count(link => link.IsGuest) < context.Options.MaxUnknownPeers;
            return hasPlace && !_isStopped && PeerAddress.TryParse(address, out _);
        }
    }

    /// <summary>Makes a link to a peer that is no member, if there is room.</summary>
    public void TryAddGuest(NodeId peer, string address)
    {
        lock (_lock)
        {
            if (!HasRoomFor(peer, address))
                return;

            PeerLink? known = Find(peer);
            PeerAddress parsed = PeerAddress.Parse(address);
            if (known is not null && known.Address == parsed)
                return;

            known?.Stop();
            PeerLink guest = new(context, peer, parsed, isGuest: true);
            Volatile.Write(ref _links, [.. _links.Where(link => link.Peer != peer), guest]);
            guest.Start();
        }
    }

    /// <summary>Ends the link to a guest that has left.</summary>
    public void RemoveGuest(NodeId peer)
    {
        lock (_lock)
        {
            if (Find(peer) is not { IsGuest: true } guest)
                return;

            guest.Stop();
            Volatile.Write(ref _links, [.. _links.Where(link => link != guest)]);
        }
    }

    private void Rebuild_NeedsLock(HashSet<NodeId> gone)
    {
        NodeId self = context.Receiver.LocalHello.NodeId;
        List<PeerLink> links = [];
        foreach (PeerLink link in _links)
        {
            bool isKept = _members.TryGetValue(link.Peer, out string? address)
                ? !link.IsGuest && PeerAddress.TryParse(address, out PeerAddress parsed) && parsed == link.Address
                : link.IsGuest && !gone.Contains(link.Peer);
            if (isKept)
                links.Add(link);
            else
                link.Stop();
        }

        foreach ((NodeId id, string address) in _members)
        {
            if (id == self || links.Exists(link => link.Peer == id))
                continue;
            if (!PeerAddress.TryParse(address, out PeerAddress parsed))
                continue; // Not known yet: its messages come in all the same.

            PeerLink link = new(context, id, parsed, isGuest: false);
            links.Add(link);
            link.Start();
        }

        Volatile.Write(ref _links, [.. links]);
    }
}
