using Coord.Raft;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Network;

/// <summary>A process's end of the simulated network.</summary>
internal sealed class SimulatedTransport(SimulatedNetwork network, SimulatedProcess process) : IRaftTransport
{
    private readonly SortedDictionary<NodeId, SimulatedLink> _links = [];
    private readonly SortedSet<NodeId> _members = [];
    private readonly SortedSet<NodeId> _removed = [];
    private IRaftMessageReceiver? _receiver;

    public NodeId Id => process.Id;

    public SimulatedProcess Process => process;

    public SimulatedNetwork Network => network;

    public bool IsUp => _receiver is not null && !process.IsGone;

    public IRaftMessageReceiver Receiver => _receiver!;

    /// <summary>Gets what the member says about itself.</summary>
    public PeerHello Hello => _receiver!.LocalHello with { BootId = process.BootId, Address = Id.ToString() };

    /// <inheritdoc/>
    public ValueTask StartAsync(IRaftMessageReceiver receiver, CancellationToken cancellationToken)
    {
        _receiver = receiver;
        network.Join(this);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public bool TrySend(in Message message)
    {
        if (!IsUp || !_links.TryGetValue(message.To, out SimulatedLink? link) || !link.IsConnected)
            return false;

        process.OnSending(message);
        return link.TrySend(message);
    }

    /// <inheritdoc/>
    public void Flush()
    {
    }

    /// <inheritdoc/>
    public void UpdateMembers(IReadOnlyList<Member> members)
    {
        SortedSet<NodeId> now = [.. members.Select(member => member.Id)];
        foreach (NodeId gone in _members.Except(now).ToArray())
        {
            _removed.Add(gone);
            process.Node.Met.Remove(gone);
            if (_links.Remove(gone, out SimulatedLink? link))
                link.Close();
            network.Find(gone)?.Break(Id); // Its connection to here ends as well, and is refused from now on.
        }

        _removed.ExceptWith(now);
        _members.Clear();
        _members.UnionWith(now);
        foreach (NodeId member in now)
            Meet(member);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Leave();
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends all that the process had to do with the network.</summary>
    public void Leave()
    {
        if (_receiver is null)
            return;

        network.Leave(this);
        foreach (SimulatedLink link in _links.Values)
            link.Close();
        _links.Clear();
        _receiver = null;
    }

    /// <summary>Begins to connect to a member, if it is one and there is no connection yet.</summary>
    public void Meet(NodeId peer)
    {
        if (IsUp && peer != Id && _members.Contains(peer) && !_links.ContainsKey(peer))
            AddLink(peer);
    }

    /// <summary>Is told that a peer has connected: it can be reached where it comes from.</summary>
    public void OnConnectedBy(NodeId peer)
    {
        if (IsUp && !_removed.Contains(peer) && !_links.ContainsKey(peer))
            AddLink(peer);
    }

    public void OnPeerGone(NodeId peer) => _links.GetValueOrDefault(peer)?.OnPeerGone();

    public void Break(NodeId peer) => _links.GetValueOrDefault(peer)?.Break();

    /// <summary>Decides whether to talk to a peer.</summary>
    public bool Accepts(in PeerHello peer)
    {
        if (_removed.Contains(peer.NodeId) || HasRemoved(peer))
            return false;
        SimulatedNode node = process.Node.Cluster.Find(peer.NodeId)!;
        bool isWiped = node.IsWiped;
        if (!_receiver!.AcceptPeer(peer, out string? refusal))
        {
            network.World.Trace.Add(Id.ToString(), $"refuses {peer.NodeId}: {refusal}");
            return false;
        }

        // Who has never met it cannot know, and is kept apart from it: nothing that it remembers would help.
        // Of those who came later some forget whom they met before they were members.
        if (isWiped && !node.Joins && !process.Node.Joins && process.Node.Met.Contains(peer.NodeId))
            network.World.Fail("amnesia", $"{Id} talks to {peer.NodeId}, which has forgotten everything.");
        if (!isWiped)
            process.Node.Met.Add(peer.NodeId);
        return !isWiped;
    }

    /// <summary>Tells whether a peer was a member, with the directory that it has now, and was removed.</summary>
    public bool HasRemoved(in PeerHello peer) => !_members.Contains(peer.NodeId) && _receiver!.IsRemoved(peer);

    private void AddLink(NodeId peer)
    {
        SimulatedLink link = new(this, peer);
        _links.Add(peer, link);
        network.World.Schedule(link, network.Connecting.Between(0, 10 * Span.Millisecond));
    }
}
