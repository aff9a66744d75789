using Coord.Raft;
using Coord.Transport.Connections;

namespace Coord.Transport;

/// <summary>A network within one process: for tests, demonstrations, and clusters that live in one process.</summary>
/// <remarks>
/// Messages are encoded and decoded as on a real network, and queues are bounded. Links can be cut and healed, in one
/// direction or both. Delivery runs on the thread pool, in order for each pair of members. Thread-safe.
/// </remarks>
public sealed class InMemoryNetwork
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<NodeId, InMemoryTransport> _transports = [];
    private readonly HashSet<(NodeId From, NodeId To)> _cuts = [];
    private ulong _lastBootId;

    /// <summary>Creates a network without members.</summary>
    /// <param name="maxQueuedBytes">
    /// How many bytes wait for each member from each other, 16 MiB by default; what does not fit is dropped.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public InMemoryNetwork(long maxQueuedBytes = 16 * 1024 * 1024)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxQueuedBytes);
        MaxQueuedBytes = maxQueuedBytes;
    }

    /// <summary>Gets how many bytes wait for each member from each other.</summary>
    internal long MaxQueuedBytes { get; }

    /// <summary>Gets the memory for entries, which all members share.</summary>
    internal EntryBlockPool EntryBlocks { get; } = new();

    /// <summary>Creates the transport of one member, which joins the network when it is started.</summary>
    public InMemoryTransport CreateTransport() => new(this);

    /// <summary>Cuts the link between two members in both directions. What is under way is lost.</summary>
    /// <param name="left">One member.</param>
    /// <param name="right">The other.</param>
    public void Cut(NodeId left, NodeId right)
    {
        CutOneWay(left, right);
        CutOneWay(right, left);
    }

    /// <summary>Cuts the link from one member to another; answers still pass. What is under way is lost.</summary>
    /// <param name="from">The member whose messages are lost.</param>
    /// <param name="to">The member that no longer gets them.</param>
    public void CutOneWay(NodeId from, NodeId to)
    {
        InMemoryTransport? sender;
        lock (_lock)
        {
            _cuts.Add((from, to));
            sender = _transports.GetValueOrDefault(from);
        }

        sender?.CloseLink(to);
    }

    /// <summary>Cuts a member off from all others that there are now.</summary>
    /// <param name="member">The member.</param>
    public void Isolate(NodeId member)
    {
        foreach (NodeId other in Others(member))
            Cut(member, other);
    }

    /// <summary>Heals the link between two members in both directions.</summary>
    /// <param name="left">One member.</param>
    /// <param name="right">The other.</param>
    public void Heal(NodeId left, NodeId right)
    {
        lock (_lock)
        {
            _cuts.Remove((left, right));
            _cuts.Remove((right, left));
        }

        Connect(left, right);
        Connect(right, left);
    }

    /// <summary>Heals all links.</summary>
    public void HealAll()
    {
        (NodeId From, NodeId To)[] cuts;
        lock (_lock)
        {
            cuts = [.. _cuts];
            _cuts.Clear();
        }

        foreach ((NodeId from, NodeId to) in cuts)
            Connect(from, to);
    }

    /// <summary>Returns a number for a member that starts.</summary>
    internal ulong NextBootId() => Interlocked.Increment(ref _lastBootId);

    /// <summary>Adds a member that has started, and links it with all others.</summary>
    internal void Join(NodeId member, InMemoryTransport transport)
    {
        lock (_lock)
        {
            if (!_transports.TryAdd(member, transport))
                throw new TransportException($"{member} is on this network already; stop it first.");
        }

        ConnectAll(member);
    }

    /// <summary>Removes a member, and ends its links.</summary>
    internal void Leave(NodeId member, InMemoryTransport transport)
    {
        lock (_lock)
        {
            if (_transports.GetValueOrDefault(member) != transport)
                return;

            _transports.Remove(member);
        }

        foreach (NodeId other in Others(member))
            Find(other)?.CloseLink(member);
    }

    /// <summary>Makes the links of a member that are not there.</summary>
    internal void ConnectAll(NodeId member)
    {
        foreach (NodeId other in Others(member))
        {
            Connect(member, other);
            Connect(other, member);
        }
    }

    private void Connect(NodeId from, NodeId to)
    {
        InMemoryTransport? sender, receiver;
        lock (_lock)
        {
            if (_cuts.Contains((from, to)))
                return;

            sender = _transports.GetValueOrDefault(from);
            receiver = _transports.GetValueOrDefault(to);
        }

        if (sender is null || receiver is null || sender.IsLinked(to))
            return;
        if (receiver.HasRemoved(sender.Hello))
            sender.ReportRemoved(to);
        if (!receiver.Accepts(sender.Hello) || !sender.Accepts(receiver.Hello))
            return;

        sender.OpenLink(new MemoryLink(sender, receiver, from, to, this));
        lock (_lock)
        {
            bool isStale = _cuts.Contains((from, to)) || _transports.GetValueOrDefault(to) != receiver;
            if (!isStale)
                return;
        }

        sender.CloseLink(to); // Cut or stopped in the meantime.
    }

    private InMemoryTransport? Find(NodeId member)
    {
        lock (_lock)
            return _transports.GetValueOrDefault(member);
    }

    private NodeId[] Others(NodeId member)
    {
        lock (_lock)
            return [.. _transports.Keys.Where(other => other != member)];
    }
}
