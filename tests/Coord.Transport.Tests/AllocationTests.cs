using Coord.Raft;

namespace Coord.Transport.Tests;

/// <summary>A steady flow of messages allocates nothing, on either side.</summary>
[Collection("Alone")]
public sealed class AllocationTests
{
    [Theory]
    [InlineData(MessageKind.Heartbeat)]
    [InlineData(MessageKind.Append)]
    public async Task A_steady_flow_allocates_nothing(MessageKind kind)
    {
        await using TestCluster cluster = await TestCluster.StartAsync(2);
        await cluster.ConnectedAsync(0, 1);
        TestReceiver receiver = cluster.Receivers[1];
        receiver.Keeps = false;
        Message message = kind is MessageKind.Append
            ? cluster.Append(0, 1, entries: 8, payload: 256)
            : cluster.Message(0, 1, kind);
        await SendAsync(20_000); // Until the pools are filled and the code is compiled.

        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await SendAsync(20_000);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        // The waiting below and the test's surroundings allocate a little; a byte for each message would be 20,000.
        Assert.InRange(least, 0, 20_000);

        async Task SendAsync(int count)
        {
            long target = receiver.Count + count;
            for (int sent = 0; sent < count;)
            {
                if (cluster.Transports[0].TrySend(message))
                    sent++;
                if (sent % 16 == 0)
                    cluster.Transports[0].Flush();
            }

            cluster.Transports[0].Flush();
            while (receiver.Count < target)
                await Task.Yield();
        }
    }
}
