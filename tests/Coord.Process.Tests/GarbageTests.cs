using System.Net.Sockets;
using Coord.Process.Tests.Faults;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>Strangers at the peer port: each is turned away, and the cluster does not notice.</summary>
public sealed class GarbageTests(ITestOutputHelper output)
{
    [Fault("N16", "garbage and other protocols on the peer port", "turned away; term and members stay")]
    [Fault("C24", "300 silent connections to the peer ports", "members still reach each other")]
    [Fact]
    public async Task Garbage_on_the_peer_port_harms_nobody()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        await cluster.ConvergedAsync(); // Two make a leader; the third may still be starting, and not listen yet.
        long term = (await leader.Client.TryGetStatusAsync())!.Term;
        Random random = new(1);
        byte[] noise = new byte[100_000];
        random.NextBytes(noise);
        byte[] longFrame = new byte[64];
        Array.Fill(longFrame, (byte)0xff);
        byte[][] garbage =
        [
            noise,
            [.. "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"u8],
            [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8],
            [0x16, 0x03, 0x01, 0x00, 0xa5, 0x01, 0x00, 0x00, 0xa1, 0x03, 0x03, .. noise.AsSpan(0, 160)],
            longFrame,
            new byte[4096],
            [1],
            [],
        ];
        long revision = 0;
        foreach (ClusterMember member in cluster.Members)
        {
            foreach (byte[] bytes in garbage)
            {
                await SendAsync(member, bytes);
                Assert.True(await leader.Client.MustPutAsync("served", member.Name) > revision++);
            }
        }

        // A hundred that say nothing at all must not keep the members from each other either.
        List<TcpClient> silent = [];
        foreach (ClusterMember member in cluster.Members)
        {
            for (int i = 0; i < 100; i++)
            {
                TcpClient client = new();
                await client.ConnectAsync("127.0.0.1", member.PeerPort);
                silent.Add(client);
            }
        }

        await leader.Client.MustPutAsync("served", "still");
        ClusterMember killed = cluster.Members.First(member => member != leader);
        killed.Process!.Kill();
        await cluster.StartAndWaitAsync(killed);
        await cluster.ConvergedAsync();
        silent.ForEach(client => client.Dispose());
        Assert.Equal(term, (await leader.Client.TryGetStatusAsync())!.Term);
        Assert.All(cluster.Members, member => Assert.True(member.IsRunning, member.Transcript()));
    }

    [Fault("N18", "a member of another cluster", "refused with the reason")]
    [Fact]
    public async Task A_member_of_another_cluster_is_turned_away_with_the_reason()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        ClusterMember stranger = cluster.Members.First(member => member != leader);
        stranger.Process!.Kill();
        using TestDirectory directory = new();
        string[] flags =
        [
            .. cluster.FlagsOf(stranger), "--data-dir", directory.File("data"), "--initial-cluster-token", "another",
        ];
        stranger.Run(HostProcess.Start(flags, directory.Path));
        await Eventually.IsTrueAsync(
            "the stranger says that it is refused, and why.",
            () => stranger.Process!.Errors.Split('\n').Any(line =>
                line.Contains("refused this member", StringComparison.Ordinal)
                && line.Contains("cluster", StringComparison.OrdinalIgnoreCase)));
        await leader.Client.MustPutAsync("served", "yes");
    }

    /// <summary>Sends bytes and waits until the member has closed the connection, or has taken all of it.</summary>
    private static async Task SendAsync(ClusterMember member, byte[] bytes)
    {
        using TcpClient client = new();
        await client.ConnectAsync("127.0.0.1", member.PeerPort);
        NetworkStream stream = client.GetStream();
        try
        {
            await stream.WriteAsync(bytes);
            client.Client.Shutdown(SocketShutdown.Send);
            byte[] answer = new byte[1024];
            using CancellationTokenSource giveUp = new(Eventually.Patience);
            int total = 0;
            while (await stream.ReadAsync(answer, giveUp.Token) is var read and > 0)
                total += read;

            Assert.InRange(total, 0, 64 << 10);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // It closed the connection while there were bytes in it, which resets it.
        }
    }
}
