using Coord.Raft;
using Coord.Transport.Framing;

namespace Coord.Transport.Tests;

/// <summary>Members on the loopback interface: what is sent arrives, in its lane, and lost peers come back.</summary>
public sealed class TcpTransportTests
{
    [Fact]
    public async Task Messages_of_every_lane_arrive_in_order()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        await cluster.ConnectedAsync(0, 1);
        for (int i = 0; i < 100; i++)
        {
            Assert.True(cluster.Transports[0].TrySend(cluster.Message(0, 1) with { Context = (ulong)i }));
            Assert.True(cluster.Transports[0].TrySend(
                cluster.Append(0, 1, entries: 3, payload: 1000) with { Context = (ulong)i }));
            Assert.True(cluster.Transports[0].TrySend(
                cluster.Message(0, 1, MessageKind.SnapshotChunk, payload: 10_000) with { Context = (ulong)i }));
            cluster.Transports[0].Flush();
        }

        await Eventually.IsTrueAsync("all messages arrived.", () => cluster.Receivers[1].Count == 300);
        foreach (IGrouping<MessageKind, Message> kind in cluster.Receivers[1].Messages.GroupBy(m => m.Kind))
            Assert.Equal(Enumerable.Range(0, 100), kind.Select(m => (int)m.Context));
    }

    [Fact]
    public async Task A_message_as_long_as_a_frame_may_be_arrives_and_a_longer_one_is_dropped()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2, (_, o) => o.MaxFrameBytes = 1_000_000);
        await cluster.ConnectedAsync(0, 1);
        Message empty = cluster.Message(0, 1, MessageKind.Forward);
        int room = 1_000_000 - MessageCodec.GetSize(empty);
        byte[] payload = new byte[room];
        new Random(1).NextBytes(payload);

        Assert.False(cluster.Transports[0].TrySend(empty with { Payload = new byte[room + 1] }));
        Assert.True(cluster.Transports[0].TrySend(empty with { Payload = payload }));
        cluster.Transports[0].Flush();

        await Eventually.IsTrueAsync("the message arrived.", () => cluster.Receivers[1].Count == 1);
        Assert.Equal(payload, cluster.Receivers[1].Messages.Single().Payload.ToArray());
    }

    [Fact]
    public async Task All_pairs_of_five_members_talk()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(5);
        for (int from = 0; from < 5; from++)
        {
            for (int to = 0; to < 5; to++)
            {
                if (from == to)
                    continue;

                await cluster.ConnectedAsync(from, to);
                Assert.True(cluster.Transports[from].TrySend(cluster.Message(from, to)));
                cluster.Transports[from].Flush();
            }
        }

        foreach (TestReceiver receiver in cluster.Receivers)
            await Eventually.IsTrueAsync("each heard from each other.", () => receiver.Count == 4);
    }

    [Fact]
    public async Task A_message_to_nobody_or_to_oneself_is_dropped()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        await cluster.ConnectedAsync(0, 1);
        Assert.False(cluster.Transports[0].TrySend(cluster.Message(0, 1) with { To = new NodeId(9) }));
        Assert.False(cluster.Transports[0].TrySend(cluster.Message(0, 0)));
        Assert.Equal(2, cluster.Transports[0].Context.Metrics.DroppedMessages);
    }

    [Fact]
    public async Task A_peer_that_restarts_is_connected_again()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        await cluster.ConnectedAsync(0, 1);
        string address = TestCluster.AddressOf(cluster.Transports[1]);
        await cluster.Transports[1].DisposeAsync();
        await Eventually.IsTrueAsync(
            "the loss was reported.", () => cluster.Receivers[0].Unreachable.Contains(new NodeId(2)));

        TestReceiver receiver = new(2);
        TcpTransportOptions options = TestCluster.PatientOptions();
        options.ListenAddress = address;
        TcpTransport restarted = await cluster.AddAsync(receiver, options);
        restarted.UpdateMembers(cluster.Members()[..1]);

        await Eventually.IsTrueAsync("messages arrive again.", () =>
        {
            cluster.Transports[0].TrySend(cluster.Message(0, 1));
            cluster.Transports[0].Flush();
            return receiver.Count > 0;
        });
        Assert.True(cluster.Receivers[0].Connected.Count(id => id == new NodeId(2)) >= 2);
    }

    [Fact]
    public async Task A_peer_that_moves_is_found_at_its_new_address()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        await cluster.ConnectedAsync(0, 1);
        await cluster.Transports[1].DisposeAsync();
        TestReceiver receiver = new(2);
        TcpTransport moved = await cluster.AddAsync(receiver, TestCluster.PatientOptions());
        cluster.Transports[0].UpdateMembers(
            [cluster.Members()[0], new Member(new NodeId(2), LogIndex.Zero, TestCluster.AddressOf(moved))]);

        await cluster.ConnectedAsync(0, 2);
        Assert.True(cluster.Transports[0].TrySend(cluster.Message(0, 2)));
        cluster.Transports[0].Flush();
        await Eventually.IsTrueAsync("the message arrived.", () => receiver.Count == 1);
    }

    [Fact]
    public async Task A_removed_member_is_cut_off_and_not_let_in_again()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(3);
        await cluster.ConnectedAsync(0, 2);
        await cluster.ConnectedAsync(2, 0);
        cluster.Transports[0].UpdateMembers(cluster.Members()[..2]);

        Assert.False(cluster.Transports[0].TrySend(cluster.Message(0, 2)));
        await Eventually.IsTrueAsync("its connections ended.", () => !cluster.IsConnected(2, 0));
        await Eventually.IsTrueAsync(
            "it tried in vain.", () => cluster.Receivers[2].Unreachable.Count(id => id == new NodeId(1)) >= 4);
        Assert.Null(cluster.Transports[0].Directory.Find(new NodeId(3)));
    }

    /// <summary>
    /// A member that was away while its cluster was replaced knows none of those who lead now, and must hear them.
    /// </summary>
    [Fact]
    public async Task A_member_answers_a_peer_of_its_cluster_that_it_has_not_heard_of()
    {
        await using TestCluster cluster = new();
        TcpTransport leader = await cluster.AddAsync(new TestReceiver(4), TestCluster.PatientOptions());
        TcpTransport behind = await cluster.AddAsync(new TestReceiver(1), TestCluster.PatientOptions());
        behind.UpdateMembers([cluster.Members()[1]]);
        leader.UpdateMembers(cluster.Members());

        await cluster.ConnectedAsync(0, 1);
        await cluster.ConnectedAsync(1, 0);
        Assert.True(behind.TrySend(cluster.Message(1, 0, MessageKind.AppendResponse)));
        behind.Flush();
        await Eventually.IsTrueAsync("the answer arrived.", () => cluster.Receivers[0].Count == 1);

        behind.UpdateMembers(cluster.Members()); // Now it has heard: the guest becomes a member.
        await cluster.ConnectedAsync(1, 0);
        Assert.False(behind.Directory.Find(new NodeId(4))!.IsGuest);
    }

    [Fact]
    public async Task A_guest_that_leaves_is_forgotten()
    {
        await using TestCluster cluster = new();
        TcpTransport stranger = await cluster.AddAsync(new TestReceiver(4), TestCluster.PatientOptions());
        TcpTransport host = await cluster.AddAsync(new TestReceiver(1), TestCluster.PatientOptions());
        stranger.UpdateMembers(cluster.Members());
        await cluster.ConnectedAsync(1, 0);
        await stranger.DisposeAsync();
        await Eventually.IsTrueAsync("the guest is forgotten.", () => host.Directory.Links.IsEmpty);
    }

    [Fact]
    public async Task A_full_queue_drops_without_growing()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2, (_, o) => o.MaxLogQueueBytes = 100_000);
        await cluster.ConnectedAsync(0, 1);
        Message append = cluster.Append(0, 1, entries: 1, payload: 10_000);
        int sent = 0;
        while (sent < 1000 && cluster.Transports[0].TrySend(append)) // never flushed
            sent++;

        Assert.Equal(9, sent);
        for (int i = 0; i < 1000; i++)
            Assert.False(cluster.Transports[0].TrySend(append));
        Assert.InRange(cluster.Transports[0].Directory.Find(new NodeId(2))!.QueuedBytes(Lane.Log), 90_000, 100_000);

        Assert.True(cluster.Transports[0].TrySend(cluster.Message(0, 1)), "Another lane has room.");
        cluster.Transports[0].Flush();
        await Eventually.IsTrueAsync("what was queued arrived.", () => cluster.Receivers[1].Count == 10);
    }

    [Fact]
    public async Task Starting_on_an_address_in_use_says_so()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(1);
        TcpTransportOptions options = TestCluster.PatientOptions();
        options.ListenAddress = TestCluster.AddressOf(cluster.Transports[0]);
        await using TcpTransport second = new(options);
        TransportException e = await Assert.ThrowsAsync<TransportException>(
            async () => await second.StartAsync(new TestReceiver(2), CancellationToken.None));
        Assert.Contains(options.ListenAddress, e.Message, StringComparison.Ordinal);
        Assert.Equal(Outcome.DidNotHappen, e.Outcome);
    }
}
