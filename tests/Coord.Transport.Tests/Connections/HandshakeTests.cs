using Coord.Raft;
using Coord.Transport.Framing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Coord.Transport.Tests.Connections;

/// <summary>Who does not belong here is told why, and so is the log.</summary>
public sealed class HandshakeTests
{
    [Fact]
    public async Task A_peer_of_another_cluster_is_refused()
    {
        Hello hello = RawPeer.Hello(2, 1);
        hello = hello with { Peer = hello.Peer with { ClusterId = new ClusterId(8) } };
        await RefusedAsync(hello, RefusalReason.WrongCluster, "cluster 8");
    }

    [Fact]
    public Task A_peer_that_looks_for_another_member_is_refused() =>
        RefusedAsync(RawPeer.Hello(2, 3), RefusalReason.WrongTarget, "looks for n3");

    [Fact]
    public Task A_peer_with_ones_own_id_is_refused() =>
        RefusedAsync(RawPeer.Hello(1, 1), RefusalReason.OwnId, "same node id");

    [Fact]
    public Task A_peer_that_speaks_only_later_versions_is_refused() =>
        RefusedAsync(
            RawPeer.Hello(2, 1) with { MinVersion = 2, MaxVersion = 3 }, RefusalReason.Version, "versions 2 to 3");

    [Fact]
    public async Task A_peer_that_speaks_later_versions_too_is_let_in_with_a_common_one()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        using RawPeer peer = await RawPeer.ConnectAsync(cluster.Transports[0]);
        Hello hello = RawPeer.Hello(2, 1) with { MaxVersion = 9 };
        await peer.SendAsync(HandshakeCodec.Encode(FrameKind.Hello, hello));
        (FrameKind kind, byte[] payload) = await peer.ReadAsync();
        Assert.Equal(FrameKind.Welcome, kind);
        Assert.True(HandshakeCodec.TryDecode(payload, out Hello welcome));
        Assert.Equal((1, 1), (welcome.MinVersion, welcome.MaxVersion));
    }

    [Fact]
    public Task An_unknown_peer_is_refused_where_there_is_no_room_for_any() =>
        RefusedAsync(
            RawPeer.Hello(2, 1), RefusalReason.UnknownMember, "no member", options: o => o.MaxUnknownPeers = 0);

    /// <summary>That it was removed is final, so it is said only to who is known to have been: see the next.</summary>
    [Theory]
    [InlineData(true, 10, "was removed from the cluster.")]
    [InlineData(false, 5, "has not heard of that yet")]
    public async Task A_removed_member_is_refused(bool hasItsDirectory, int reason, string text)
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        cluster.Receivers[0].Removed = _ => hasItsDirectory;
        cluster.Transports[0].UpdateMembers([.. cluster.Members(), new Member(new NodeId(2), default, "127.0.0.1:1")]);
        cluster.Transports[0].UpdateMembers(cluster.Members());
        using RawPeer peer = await RawPeer.ConnectAsync(cluster.Transports[0]);
        await peer.SendAsync(HandshakeCodec.Encode(FrameKind.Hello, RawPeer.Hello(2, 1)));
        Refusal refusal = await peer.ReadRefusalAsync();
        Assert.Equal((RefusalReason)reason, refusal.Reason);
        Assert.Contains(text, refusal.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_is_let_in_even_if_it_was_removed_once_and_who_returns_after_a_restart_is_still_refused()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        cluster.Receivers[0].Removed = _ => true;
        using (RawPeer stranger = await RawPeer.ConnectAsync(cluster.Transports[0]))
        {
            await stranger.SendAsync(HandshakeCodec.Encode(FrameKind.Hello, RawPeer.Hello(2, 1)));
            Assert.Equal(RefusalReason.Removed, (await stranger.ReadRefusalAsync()).Reason);
        }

        cluster.Transports[0].UpdateMembers([.. cluster.Members(), new Member(new NodeId(2), default, "127.0.0.1:1")]);
        using RawPeer member = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
    }

    [Fact]
    public async Task Who_is_refused_as_removed_tells_its_node_by_whom()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        cluster.Receivers[0].Removed = peer => peer.NodeId == cluster.Receivers[1].Id;
        cluster.Transports[0].UpdateMembers([cluster.Members()[0]]);
        await Eventually.IsTrueAsync(
            "the node was told.", () => cluster.Receivers[1].RemovedBy.Contains(cluster.Receivers[0].Id));
        Assert.Empty(cluster.Receivers[0].RemovedBy);
    }

    [Fact]
    public async Task Two_peers_with_one_id_and_two_data_directories_are_not_both_let_in()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        using RawPeer first = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        using RawPeer second = await RawPeer.ConnectAsync(cluster.Transports[0]);
        Hello hello = RawPeer.Hello(2, 1, Lane.Log);
        hello = hello with { Peer = hello.Peer with { DirectoryId = new Guid(99, 0, 0, new byte[8]) } };
        await second.SendAsync(HandshakeCodec.Encode(FrameKind.Hello, hello));
        Assert.Equal(RefusalReason.DuplicateId, (await second.ReadRefusalAsync()).Reason);
    }

    [Fact]
    public async Task A_peer_that_dials_again_displaces_its_former_connection()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        using RawPeer first = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        using RawPeer second = await RawPeer.IntroducedAsync(cluster.Transports[0], RawPeer.Hello(2, 1));
        await first.ClosedAsync();
        await second.SendAsync(second.Frame(FrameKind.Ping, Lane.Control, []));
        Assert.Equal(FrameKind.Pong, (await second.ReadAsync()).Kind);
    }

    [Fact]
    public async Task The_node_decides_by_what_the_peer_says_about_its_disk()
    {
        await using TestCluster cluster = new();
        TestReceiver receiver = new(1)
        {
            Refuse = peer =>
                peer.LastLog.Index < new LogIndex(10) ? $"{peer.NodeId} has lost entries; replace it." : null,
        };
        TcpTransport transport = await cluster.AddAsync(receiver, TestCluster.PatientOptions());
        using RawPeer peer = await RawPeer.ConnectAsync(transport);
        await peer.SendAsync(HandshakeCodec.Encode(FrameKind.Hello, RawPeer.Hello(2, 1)));
        Refusal refusal = await peer.ReadRefusalAsync();
        Assert.Equal(new Refusal(RefusalReason.Rejected, "n2 has lost entries; replace it."), refusal);

        Hello hello = RawPeer.Hello(2, 1);
        hello = hello with { Peer = hello.Peer with { LastLog = new EntryId(new Term(1), new LogIndex(10)) } };
        using RawPeer better = await RawPeer.IntroducedAsync(transport, hello);
        Assert.Equal(hello.Peer, receiver.Hellos.Last());
    }

    /// <summary>
    /// Both sides ask their node, so that a member is not led by one whose disk it has reason to mistrust.
    /// </summary>
    [Fact]
    public async Task Who_dials_may_refuse_as_well()
    {
        FakeLogCollector logs = new();
        using ILoggerFactory factory = LoggerFactory.Create(b => b.AddProvider(new FakeLoggerProvider(logs)));
        await using TestCluster cluster = new();
        await cluster.AddAsync(
            new TestReceiver(1) { Refuse = _ => "It has an older disk." }, TestCluster.PatientOptions());
        await cluster.AddAsync(
            new TestReceiver(2), TestCluster.PatientOptions(), timeProvider: null, loggerFactory: factory);
        cluster.Transports[0].UpdateMembers(cluster.Members());

        await Eventually.IsTrueAsync(
            "the other side logs the reason.",
            () => logs.GetSnapshot().Any(r => r.Message.Contains("It has an older disk.", StringComparison.Ordinal)));
        Assert.False(cluster.IsConnected(0, 1));
    }

    [Fact]
    public async Task A_refused_transport_logs_the_reason_once_and_keeps_trying()
    {
        FakeLogCollector logs = new();
        using ILoggerFactory factory = LoggerFactory.Create(b => b.AddProvider(new FakeLoggerProvider(logs)));
        await using TestCluster cluster = new();
        await cluster.AddAsync(new TestReceiver(1, cluster: 8), TestCluster.PatientOptions());
        await cluster.AddAsync(
            new TestReceiver(2), TestCluster.PatientOptions(), timeProvider: null, loggerFactory: factory);
        cluster.Transports[1].UpdateMembers(cluster.Members());

        TestReceiver receiver = cluster.Receivers[1];
        await Eventually.IsTrueAsync("it tries again.", () => receiver.Unreachable.Count >= 5);
        FakeLogRecord warning = Assert.Single(
            logs.GetSnapshot(), r => r.Level is LogLevel.Warning && r.Id.Id == 2007);
        Assert.Contains("WrongCluster", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dialler_that_refuses_the_welcome_is_understood()
    {
        FakeLogCollector logs = new();
        using ILoggerFactory factory = LoggerFactory.Create(b => b.AddProvider(new FakeLoggerProvider(logs)));
        await using TestCluster cluster = await TestCluster.StartAsync(1, loggerFactory: factory);
        using RawPeer peer = await RawPeer.ConnectAsync(cluster.Transports[0]);
        await peer.SendAsync(HandshakeCodec.Encode(FrameKind.Hello, RawPeer.Hello(2, 1)));
        (FrameKind kind, _) = await peer.ReadAsync();
        Assert.Equal(FrameKind.Welcome, kind);

        Refusal refusal = new(RefusalReason.Rejected, "Its disk is another.");
        await peer.SendAsync(HandshakeCodec.Encode(Lane.Control, refusal));

        await Eventually.IsTrueAsync(
            "the reason is logged.",
            () => logs.GetSnapshot().Any(r => r.Message.Contains("Its disk is another.", StringComparison.Ordinal)));
        Assert.DoesNotContain(logs.GetSnapshot(), r => r.Message.Contains("damaged", StringComparison.Ordinal));
    }

    private static async Task RefusedAsync(
        Hello hello, RefusalReason reason, string text, Action<TcpTransportOptions>? options = null)
    {
        FakeLogCollector logs = new();
        using ILoggerFactory factory = LoggerFactory.Create(b => b.AddProvider(new FakeLoggerProvider(logs)));
        await using TestCluster cluster =
            await TestCluster.StartAsync(1, (_, o) => options?.Invoke(o), loggerFactory: factory);
        using RawPeer peer = await RawPeer.ConnectAsync(cluster.Transports[0]);
        await peer.SendAsync(HandshakeCodec.Encode(FrameKind.Hello, hello));
        Refusal refusal = await peer.ReadRefusalAsync();
        Assert.Equal(reason, refusal.Reason);
        Assert.Contains(text, refusal.Text, StringComparison.Ordinal);
        await Eventually.IsTrueAsync(
            "it is logged.", () => logs.GetSnapshot().Any(r => r.Message.Contains(text, StringComparison.Ordinal)));
    }
}
