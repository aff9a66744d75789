using System.Net.Sockets;
using System.Text;
using Coord.Raft;
using Coord.Transport.Framing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Transport.Tests.Connections;

/// <summary>Peers that are broken, slow or hostile lose their own connection, and nobody else anything.</summary>
public sealed class HostilePeerTests
{
    private static readonly byte[] TlsClientHello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

    public static TheoryData<string> Rubbish => new()
    {
        "GET / HTTP/1.1\r\nHost: coord\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        Encoding.Latin1.GetString(TlsClientHello),
        new string('\0', 100),
        "CRF2" + new string('x', 100),
        "CRF1" + new string('\xff', 100),
        "x",
    };

    [Theory]
    [MemberData(nameof(Rubbish))]
    public async Task Something_else_than_frames_closes_the_connection_and_harms_no_other(string bytes)
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        await cluster.ConnectedAsync(0, 1);
        using RawPeer stranger = await RawPeer.ConnectAsync(cluster.Transports[1]);
        await stranger.SendAsync(Encoding.Latin1.GetBytes(bytes));
        await stranger.ClosedAsync();
        await StillWorksAsync(cluster);
    }

    [Fact]
    public async Task A_flood_of_strangers_does_not_flood_the_log()
    {
        FakeTimeProvider clock = new();
        FakeLogCollector logs = new();
        using ILoggerFactory factory = LoggerFactory.Create(b => b.AddProvider(new FakeLoggerProvider(logs)));
        await using TestCluster cluster =
            await TestCluster.StartAsync(1, timeProvider: clock, loggerFactory: factory);
        for (int i = 0; i < 200; i++)
        {
            using RawPeer stranger = await RawPeer.ConnectAsync(cluster.Transports[0]);
            await stranger.SendAsync("GET /"u8.ToArray());
            await stranger.ClosedAsync();
        }

        Assert.InRange(logs.GetSnapshot().Count(r => r.Level >= LogLevel.Warning), 1, 20);
    }

    [Theory]
    [InlineData(1)] // hello
    [InlineData(2)] // welcome
    [InlineData(6)] // pong
    public async Task A_frame_that_does_not_belong_here_closes_the_connection(byte kind)
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        await cluster.ConnectedAsync(0, 1);
        using RawPeer peer = await RawPeer.IntroducedAsync(cluster.Transports[1], RawPeer.Hello(3, 2));
        await peer.SendAsync(peer.Frame((FrameKind)kind, Lane.Control, []));
        await peer.ClosedAsync();
        await StillWorksAsync(cluster);
    }

    [Fact]
    public async Task A_frame_of_another_lane_closes_the_connection()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        using RawPeer peer = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        await peer.SendAsync(peer.Frame(FrameKind.Ping, Lane.Bulk, []));
        await peer.ClosedAsync();
    }

    [Fact]
    public async Task Each_damaged_byte_of_a_frame_closes_the_connection_and_reaches_no_node()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        Message heartbeat = Heartbeat(2, 1);
        int length = FrameHeader.Size + MessageCodec.GetSize(heartbeat);
        for (int i = 0; i < length; i += 3)
        {
            using RawPeer peer = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
            byte[] frame = peer.Frame(heartbeat);
            frame[i] ^= 0x10;
            await peer.SendAsync(frame);
            await peer.ClosedAsync();
        }

        Assert.Equal(0, cluster.Receivers[0].Count);
    }

    [Fact]
    public async Task A_repeated_frame_closes_the_connection()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        using RawPeer peer = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        byte[] frame = peer.Frame(Heartbeat(2, 1));
        await peer.SendAsync([.. frame, .. frame]);
        await peer.ClosedAsync();
        Assert.Equal(1, cluster.Receivers[0].Count);
    }

    [Fact]
    public async Task A_frame_recorded_from_another_connection_closes_the_connection()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        using RawPeer first = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        byte[] recorded = first.Frame(Heartbeat(2, 1));
        using RawPeer second = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        await second.SendAsync(recorded);
        await second.ClosedAsync();
        Assert.Equal(0, cluster.Receivers[0].Count);
    }

    [Fact]
    public async Task A_message_in_the_name_of_another_closes_the_connection()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        using RawPeer peer = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        await peer.SendAsync(peer.Frame(Heartbeat(3, 1)));
        await peer.ClosedAsync();
    }

    [Fact]
    public async Task A_frame_above_the_limit_closes_the_connection_before_its_payload_is_sent()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1, (_, o) => o.MaxFrameBytes = 10_000);
        using RawPeer peer = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1, Lane.Log));
        byte[] header = new byte[FrameHeader.Size];
        new FrameHeader(10_001, FrameKind.Message, Lane.Log, 0).Write(header, FrameHeader.Seed(peer.SendEpoch, 1));
        await peer.SendAsync(header);
        await peer.ClosedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_ends_within_a_frame_leaves_nothing_behind(bool reset)
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        await cluster.ConnectedAsync(0, 1);
        RawPeer peer = await RawPeer.IntroducedAsync(cluster.Transports[1], RawPeer.Hello(3, 2));
        await peer.SendAsync(peer.Frame(Heartbeat(3, 2))[..50]);
        if (reset)
            peer.Reset();
        else
            peer.Dispose();

        await StillWorksAsync(cluster);
        Assert.DoesNotContain(cluster.Receivers[1].Messages, m => m.From == new NodeId(3));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(30)]
    public async Task A_handshake_that_does_not_end_is_ended_by_its_deadline(int bytes)
    {
        FakeTimeProvider clock = new();
        await using TestCluster cluster = await TestCluster.StartAsync(1, timeProvider: clock);
        using RawPeer peer = await RawPeer.ConnectAsync(cluster.Transports[0]);
        await peer.SendAsync(HandshakeCodec.Encode(FrameKind.Hello, RawPeer.Hello(2, 1))[..bytes]);
        await Eventually.IsTrueAsync("it is accepted.", () => cluster.Transports[0].Listener.PendingHandshakes == 1);
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(1, cluster.Transports[0].Listener.PendingHandshakes);

        // The deadline starts a moment after the place is taken.
        await clock.TickUntilAsync(
            "it is ended.", TimeSpan.FromSeconds(1),
            () => cluster.Transports[0].Listener.PendingHandshakes == 0);
        await peer.ClosedAsync();
    }

    [Fact]
    public async Task The_oldest_of_too_many_handshakes_makes_room_for_an_honest_peer()
    {
        FakeTimeProvider clock = new(); // It stands still, so that no deadline ends them.
        await using TestCluster cluster =
            await TestCluster.StartAsync(1, (_, o) => o.MaxPendingHandshakes = 3, clock);
        List<RawPeer> idle = [];
        for (int i = 0; i < 10; i++)
            idle.Add(await RawPeer.ConnectAsync(cluster.Transports[0]));

        using RawPeer honest = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        for (int i = 0; i < 7; i++)
            await idle[i].ClosedAsync();
        Assert.InRange(cluster.Transports[0].Listener.PendingHandshakes, 0, 3);
        idle.ForEach(peer => peer.Dispose());
    }

    [Fact]
    public async Task A_frame_that_trickles_in_is_ended_by_its_deadline()
    {
        FakeTimeProvider clock = new();
        await using TestCluster cluster = await TestCluster.StartAsync(1, timeProvider: clock);
        using RawPeer peer = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        byte[] frame = peer.Frame(Heartbeat(2, 1));
        Task closed = peer.ClosedAsync();
        for (int i = 0; i < frame.Length - 1 && !closed.IsCompleted; i++)
        {
            try
            {
                await peer.SendAsync([frame[i]]); // Never silent, and never done.
            }
            catch (SocketException)
            {
                break;
            }

            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }

        await closed;
        Assert.Equal(0, cluster.Receivers[0].Count);
    }

    [Fact]
    public async Task A_peer_that_falls_silent_is_given_up()
    {
        FakeTimeProvider clock = new();
        await using TestCluster cluster = await TestCluster.StartAsync(1, timeProvider: clock);
        using RawPeer peer = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        Task closed = peer.ClosedAsync();
        await clock.TickUntilAsync("it is given up.", TimeSpan.FromSeconds(5), () => closed.IsCompleted);
    }

    [Fact]
    public async Task A_peer_that_keeps_pinging_is_not_given_up()
    {
        FakeTimeProvider clock = new();
        await using TestCluster cluster = await TestCluster.StartAsync(1, timeProvider: clock);
        using RawPeer peer = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        for (int i = 0; i < 50; i++)
        {
            await peer.SendAsync(peer.Frame(FrameKind.Ping, Lane.Control, []));
            Assert.Equal(FrameKind.Pong, (await peer.ReadAsync()).Kind);
            clock.Advance(TimeSpan.FromSeconds(20));
        }
    }

    private static async Task StillWorksAsync(TestCluster cluster)
    {
        long before = cluster.Receivers[1].Count;
        Assert.True(cluster.Transports[0].TrySend(cluster.Message(0, 1)));
        cluster.Transports[0].Flush();
        await Eventually.IsTrueAsync("others still get through.", () => cluster.Receivers[1].Count == before + 1);
        Assert.DoesNotContain(new NodeId(2), cluster.Receivers[0].Unreachable);
    }

    private static Message Heartbeat(ulong from, ulong to) =>
        new() { Kind = MessageKind.Heartbeat, From = new(from), To = new(to), Term = new(1) };
}
