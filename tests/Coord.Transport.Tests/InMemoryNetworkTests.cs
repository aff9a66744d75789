using Coord.Raft;

namespace Coord.Transport.Tests;

/// <summary>The network within a process: in order, bounded, and it breaks only where it is cut.</summary>
public sealed class InMemoryNetworkTests : IAsyncLifetime
{
    private readonly InMemoryNetwork _network = new(maxQueuedBytes: 100_000);
    private readonly TestReceiver[] _receivers = [new(1), new(2), new(3)];
    private readonly List<InMemoryTransport> _transports = [];

    public async Task InitializeAsync()
    {
        foreach (TestReceiver receiver in _receivers)
        {
            _transports.Add(_network.CreateTransport());
            await _transports[^1].StartAsync(receiver, CancellationToken.None);
        }
    }

    public async Task DisposeAsync()
    {
        foreach (InMemoryTransport transport in _transports)
            await transport.DisposeAsync();
    }

    [Fact]
    public async Task Messages_arrive_in_order()
    {
        for (int i = 0; i < 100; i++)
        {
            Assert.True(_transports[0].TrySend(Heartbeat(1, 2) with { Context = (ulong)i }));
            _transports[0].Flush();
        }

        await Eventually.IsTrueAsync("all arrived.", () => _receivers[1].Count == 100);
        Assert.Equal(Enumerable.Range(0, 100), _receivers[1].Messages.Select(m => (int)m.Context));
    }

    [Fact]
    public async Task A_cut_link_loses_messages_until_it_is_healed()
    {
        _network.Cut(new NodeId(1), new NodeId(2));
        Assert.False(Send(1, 2));
        Assert.False(Send(2, 1));
        Assert.True(Send(1, 3));
        Assert.Contains(new NodeId(2), _receivers[0].Unreachable);

        _network.Heal(new NodeId(1), new NodeId(2));
        Assert.True(Send(1, 2));
        await Eventually.IsTrueAsync("the message arrived.", () => _receivers[1].Count == 1);
    }

    [Fact]
    public void A_link_can_be_cut_in_one_direction()
    {
        _network.CutOneWay(new NodeId(1), new NodeId(2));
        Assert.False(Send(1, 2));
        Assert.True(Send(2, 1));
        _network.HealAll();
        Assert.True(Send(1, 2));
    }

    [Fact]
    public async Task A_member_can_be_isolated_and_restarted()
    {
        _network.Isolate(new NodeId(3));
        Assert.False(Send(1, 3));
        Assert.False(Send(3, 2));
        _network.HealAll();
        Assert.True(Send(1, 3));

        await _transports[2].DisposeAsync();
        Assert.False(Send(1, 3));
        TestReceiver again = new(3);
        _transports[2] = _network.CreateTransport();
        await _transports[2].StartAsync(again, CancellationToken.None);
        Assert.True(Send(1, 3));
        await Eventually.IsTrueAsync("the message arrived.", () => again.Count == 1);
    }

    [Fact]
    public void A_full_queue_drops()
    {
        Message chunk = Heartbeat(1, 2) with { Kind = MessageKind.SnapshotChunk, Payload = new byte[30_000] };
        Assert.True(_transports[0].TrySend(chunk));
        Assert.True(_transports[0].TrySend(chunk));
        Assert.True(_transports[0].TrySend(chunk));
        Assert.False(_transports[0].TrySend(chunk));
    }

    [Fact]
    public async Task A_refused_peer_is_not_linked()
    {
        InMemoryNetwork network = new();
        await using InMemoryTransport left = network.CreateTransport();
        await using InMemoryTransport right = network.CreateTransport();
        await left.StartAsync(new TestReceiver(1) { Refuse = _ => "No." }, CancellationToken.None);
        await right.StartAsync(new TestReceiver(2), CancellationToken.None);
        Assert.False(right.TrySend(Heartbeat(2, 1)));
        Assert.False(left.TrySend(Heartbeat(1, 2)));
    }

    [Fact]
    public void A_removed_member_is_not_linked()
    {
        Member[] members = [.. Enumerable.Range(1, 3).Select(i => new Member(new NodeId((ulong)i), default, ""))];
        _transports[0].UpdateMembers(members);
        Assert.True(Send(1, 3));
        _transports[0].UpdateMembers(members[..2]);
        Assert.False(Send(1, 3));
        Assert.True(Send(1, 2));
    }

    private bool Send(int from, int to)
    {
        bool isSent = _transports[from - 1].TrySend(Heartbeat((ulong)from, (ulong)to));
        _transports[from - 1].Flush();
        return isSent;
    }

    private static Message Heartbeat(ulong from, ulong to) =>
        new() { Kind = MessageKind.Heartbeat, From = new(from), To = new(to), Term = new(1) };
}
