using System.Buffers.Binary;
using Coord.Raft;
using Coord.Transport.Tests.Tls;

namespace Coord.Transport.Tests;

/// <summary>
/// Several threads send while connections break: what arrives is whole and arrives once, and no memory stays behind.
/// </summary>
public sealed class ChaosTests
{
    private const int Senders = 4;
    private const int Breaks = 150;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public async Task Nothing_is_garbled_repeated_or_leaked_when_connections_break(int seed, bool tls)
    {
        using TestAuthority authority = new();
        List<TcpTransport> transports = [];
        await using (TestCluster cluster = await TestCluster.StartAsync(
            3, (_, options) => options.Tls = tls ? authority.Options() : null))
        {
            transports.AddRange(cluster.Transports);
            await cluster.ConnectedAsync(0, 1);
            await cluster.ConnectedAsync(2, 1);
            bool isOver = false;
            long sent = 0;
            Task[] senders =
            [
                .. Enumerable.Range(0, Senders).Select(i => Task.Run(() =>
                {
                    Random random = new((seed * 100) + i);
                    while (!Volatile.Read(ref isOver))
                    {
                        SendOne(cluster, random, from: i % 2 * 2, ref sent);
                        if (cluster.Receivers[1].Count > 20_000)
                            Thread.Yield();
                    }
                })),
            ];
            Random chaos = new(seed);
            for (int i = 0; i < Breaks; i++)
            {
                long before = cluster.Receivers[1].Count;
                TcpTransport victim = cluster.Transports[chaos.Next(3)];
                victim.Context.Connections.Abort(_ => chaos.Next(3) == 0, "Broken by the test.");
                await Eventually.IsTrueAsync("messages arrive again.", () => cluster.Receivers[1].Count > before);
            }

            Volatile.Write(ref isOver, true);
            await Task.WhenAll(senders);
            CheckAll(cluster.Receivers[1].Messages);
        }

        Assert.All(transports, transport => Assert.Equal(0, transport.Context.Blocks.RentedBlocks));
    }

    private static void SendOne(TestCluster cluster, Random random, int from, ref long sent)
    {
        MessageKind kind = random.Next(3) switch
        {
            0 => MessageKind.HeartbeatResponse,
            1 => MessageKind.Forward,
            _ => MessageKind.SnapshotChunk,
        };
        long number = Interlocked.Increment(ref sent);
        byte[] payload = new byte[random.Next(8, random.Next(100) == 0 ? 200_000 : 500)];
        payload.AsSpan().Fill((byte)number);
        BinaryPrimitives.WriteInt64LittleEndian(payload, number);
        cluster.Transports[from].TrySend(
            cluster.Message(from, 1, kind) with { Context = (ulong)number, Payload = payload });
        if (random.Next(4) == 0)
            cluster.Transports[from].Flush();
    }

    private static void CheckAll(IReadOnlyCollection<Message> messages)
    {
        HashSet<ulong> seen = [];
        foreach (Message message in messages)
        {
            ReadOnlySpan<byte> payload = message.Payload.Span;
            Assert.True(seen.Add(message.Context), $"Message {message.Context} arrived twice.");
            Assert.Equal((long)message.Context, BinaryPrimitives.ReadInt64LittleEndian(payload));
            Assert.False(payload[8..].ContainsAnyExcept((byte)message.Context), "A payload is garbled.");
        }
    }
}
