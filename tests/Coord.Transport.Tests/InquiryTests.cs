using System.Net;
using Coord.Raft;
using Coord.Transport.Framing;
using Coord.Transport.Tests.Tls;

namespace Coord.Transport.Tests;

/// <summary>Who is not in a cluster yet learns who is, and no more than that.</summary>
public sealed class InquiryTests
{
    [Fact]
    public async Task A_stranger_is_told_who_is_in_the_cluster()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        string address = cluster.Transports[0].LocalEndPoint!.ToString()!;

        PeerRoster roster = await TcpTransport.InquireAsync(address, new TcpTransportOptions());

        Assert.Equal(cluster.Receivers[0].LocalHello.ClusterId, roster.ClusterId);
        Assert.Equal(2, roster.Members.Count);
        Assert.Contains(roster.Members, member => member.Address == address);
    }

    [Fact]
    public async Task Nobody_at_the_address_is_said_in_one_sentence()
    {
        TransportException exception = await Assert.ThrowsAsync<TransportException>(
            () => TcpTransport.InquireAsync("127.0.0.1:1", new TcpTransportOptions()));
        Assert.Contains("127.0.0.1:1", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_certificates_only_who_has_one_is_told()
    {
        using TestAuthority authority = new();
        using TestAuthority other = new(name: "Other authority");
        await using TestCluster cluster =
            await TestCluster.StartAsync(1, (_, options) => options.Tls = authority.Options());
        string address = $"127.0.0.1:{((IPEndPoint)cluster.Transports[0].LocalEndPoint!).Port}";

        PeerRoster roster = await TcpTransport.InquireAsync(
            address, new TcpTransportOptions { Tls = authority.Options() });
        Assert.Single(roster.Members);

        await Assert.ThrowsAsync<TransportException>(() => TcpTransport.InquireAsync(
            address, new TcpTransportOptions { Tls = other.Options(trusts: authority) }));
        await Assert.ThrowsAsync<TransportException>(() => TcpTransport.InquireAsync(
            address, new TcpTransportOptions()));
    }

    [Fact]
    public async Task Nobody_is_let_in_unasked_or_without_the_secret()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2, (i, options) =>
        {
            if (i == 1)
            {
                options.Admission = new LearnerAdmission(
                    new byte[32], () => throw new InvalidOperationException("No node is asked."));
            }
        });
        PeerAddress[] members =
            [.. cluster.Transports.Select(transport => PeerAddress.Parse(transport.LocalEndPoint!.ToString()!))];
        byte[] wrong = [1, .. new byte[31]];
        Assert.Contains(
            "Nobody is let in here unasked", await RefusalAsync(members[0], new byte[32]), StringComparison.Ordinal);
        Assert.Contains("does not know the token", await RefusalAsync(members[1], wrong), StringComparison.Ordinal);

        static async Task<string> RefusalAsync(PeerAddress member, byte[] secret) =>
            (await Assert.ThrowsAsync<TransportException>(() => Coord.Transport.Connections.Inquiry.EnlistAsync(
                member, new TcpTransportOptions(), secret, "127.0.0.1:9", default))).Message;
    }

    [Fact]
    public void A_roster_survives_the_wire_and_a_part_of_one_is_none()
    {
        PeerRoster roster = new(
            new ClusterId(7), [new(new NodeId(1), "a:1"), new(new NodeId(2), ""), new(new NodeId(3), "[::1]:3")]);
        byte[] payload = RosterCodec.Encode(roster)[FrameHeader.Size..];

        PeerRoster read = RosterCodec.Decode(payload)!;

        Assert.Equal(roster.ClusterId, read.ClusterId);
        Assert.Equal(roster.Members, read.Members);
        for (int length = 0; length < payload.Length; length++)
            Assert.Null(RosterCodec.Decode(payload.AsSpan(0, length)));
    }

    [Fact]
    public void A_roster_of_many_members_has_those_that_fit()
    {
        PeerRoster roster = new(
            new ClusterId(7),
            [.. Enumerable.Range(1, 1000).Select(i => new MemberAddress(new NodeId((ulong)i), new string('x', 90)))]);

        byte[] frame = RosterCodec.Encode(roster);

        Assert.True(frame.Length <= HandshakeCodec.MaxBytes + FrameHeader.Size);
        Assert.Equal(40, RosterCodec.Decode(frame.AsSpan(FrameHeader.Size))!.Members.Count);
    }
}
