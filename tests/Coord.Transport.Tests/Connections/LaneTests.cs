using System.Net;
using System.Net.Sockets;
using Coord.Raft;
using Coord.Transport.Framing;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Transport.Tests.Connections;

/// <summary>Lanes are apart: a peer that does not read one of them gets what is in the others.</summary>
public sealed class LaneTests : IAsyncLifetime, IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly FakeTimeProvider _clock = new();
    private readonly Dictionary<Lane, RawPeer> _peers = [];
    private readonly TestCluster _cluster = new();
    private TcpTransport _transport = null!;

    public async Task InitializeAsync()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        TcpTransportOptions options = TestCluster.PatientOptions();
        options.MaxBulkQueueBytes = 8 * 1024 * 1024;
        _transport = await _cluster.AddAsync(new TestReceiver(1), options, _clock);
        Member peer = new(new NodeId(2), default, _listener.LocalEndPoint!.ToString()!);
        _transport.UpdateMembers([.. _cluster.Members(), peer]);
        while (_peers.Count < Lanes.Count)
            await AcceptAsync();

        PeerLink = _transport.Directory.Find(new NodeId(2))!;
        await Eventually.IsTrueAsync(
            "all lanes are connected.", () => Enum.GetValues<Lane>().All(PeerLink.IsConnected));
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        foreach (RawPeer peer in _peers.Values)
            peer.Dispose();
    }

    public void Dispose() => _listener.Dispose();

    private Coord.Transport.Connections.PeerLink PeerLink { get; set; } = null!;

    [Fact]
    public async Task Heartbeats_pass_while_snapshots_wait_for_a_peer_that_does_not_read_them()
    {
        Message chunk = To(MessageKind.SnapshotChunk) with { Payload = new byte[200_000] };
        int dropped = 0;
        for (int i = 0; i < 1000 && dropped < 10; i++)
        {
            if (!_transport.TrySend(chunk))
                dropped++;
            _transport.Flush();
        }

        Assert.Equal(10, dropped);
        Assert.InRange(PeerLink.QueuedBytes(Lane.Bulk), 1, 8 * 1024 * 1024);
        for (int i = 0; i < 100; i++)
        {
            Assert.True(_transport.TrySend(To(MessageKind.Heartbeat)));
            Assert.True(_transport.TrySend(To(MessageKind.Append)));
            _transport.Flush();
            Assert.Equal(FrameKind.Message, (await _peers[Lane.Control].ReadAsync()).Kind);
            Assert.Equal(FrameKind.Message, (await _peers[Lane.Log].ReadAsync()).Kind);
        }

        Assert.Empty(_cluster.Receivers[0].Unreachable);
    }

    [Fact]
    public async Task A_peer_that_never_reads_costs_its_bound_and_is_given_up()
    {
        Message chunk = To(MessageKind.SnapshotChunk) with { Payload = new byte[200_000] };
        while (_transport.TrySend(chunk))
            _transport.Flush();

        Assert.InRange(PeerLink.QueuedBytes(Lane.Bulk), 1, 8 * 1024 * 1024);
        await _clock.TickUntilAsync(
            "the lane is given up.", TimeSpan.FromSeconds(5), () => !PeerLink.IsConnected(Lane.Bulk));
        await Eventually.IsTrueAsync("its queue is gone.", () => PeerLink.QueuedBytes(Lane.Bulk) == 0);
    }

    /// <summary>
    /// The other side is gone without a word: the system's buffers swallow heartbeats for a long time.
    /// </summary>
    [Fact]
    public async Task A_half_open_connection_is_found_by_pings_even_while_heartbeats_are_sent()
    {
        await _clock.TickUntilAsync(
            "the silence is noticed.", TimeSpan.FromSeconds(5),
            () =>
            {
                _transport.TrySend(To(MessageKind.Heartbeat));
                _transport.Flush();
                return !PeerLink.IsConnected(Lane.Control);
            });
        await Eventually.IsTrueAsync(
            "it is reported.", () => _cluster.Receivers[0].Unreachable.Contains(new NodeId(2)));
    }

    [Fact]
    public async Task A_peer_that_answers_pings_is_kept()
    {
        long pings = 0;
        Task[] answering = [.. _peers.Select(p => AnswerAsync(p.Key, p.Value))];
        for (int i = 0; i < 30; i++)
        {
            long before = Volatile.Read(ref pings);
            _clock.Advance(TimeSpan.FromSeconds(20));
            await Eventually.IsTrueAsync("each lane was asked.", () => Volatile.Read(ref pings) >= before + 3);
            await Eventually.IsTrueAsync(
                "each lane has its answer.", () => !Enum.GetValues<Lane>().Any(PeerLink.IsPinging));
        }

        Assert.Empty(_cluster.Receivers[0].Unreachable);
        Assert.True(Enum.GetValues<Lane>().All(PeerLink.IsConnected));
        await _cluster.DisposeAsync();
        await Task.WhenAll(answering);

        async Task AnswerAsync(Lane lane, RawPeer peer)
        {
            try
            {
                while ((await peer.ReadAsync()).Kind is FrameKind.Ping)
                {
                    await peer.SendAsync(peer.Frame(FrameKind.Pong, lane, []));
                    Interlocked.Increment(ref pings);
                }
            }
            catch (Exception e) when (e is SocketException or Xunit.Sdk.XunitException)
            {
                // Closed at the end.
            }
        }
    }

    [Fact]
    public async Task Lanes_that_broke_are_dialled_again_after_a_wait()
    {
        _peers.Remove(Lane.Log, out RawPeer? lost);
        lost!.Reset();
        await Eventually.IsTrueAsync("the loss is noticed.", () => !PeerLink.IsConnected(Lane.Log));
        Assert.False(_transport.TrySend(To(MessageKind.Append)));
        Assert.True(_transport.TrySend(To(MessageKind.Heartbeat)));

        Task accepting = AcceptAsync();
        await _clock.TickUntilAsync(
            "it is dialled again.", TimeSpan.FromMilliseconds(10),
            () => PeerLink.IsConnected(Lane.Log));
        await accepting;
        Assert.True(_peers.ContainsKey(Lane.Log));
    }

    private async Task AcceptAsync()
    {
        RawPeer peer = await RawPeer.AcceptAsync(_listener);
        Hello hello = await peer.WelcomeAsync();
        Assert.Equal((new NodeId(1), new NodeId(2)), (hello.Peer.NodeId, hello.Target));
        _peers[hello.Lane] = peer;
    }

    private static Message To(MessageKind kind) =>
        new() { Kind = kind, From = new NodeId(1), To = new NodeId(2), Term = new Term(1) };
}
