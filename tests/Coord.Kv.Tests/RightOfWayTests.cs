using System.Collections.Concurrent;
using Coord.Kv.Mvcc;

namespace Coord.Kv.Tests;

/// <summary>A command that waits for the lock gets it before a long read takes its next step.</summary>
public sealed class RightOfWayTests
{
    [Fact]
    public async Task A_step_lets_a_waiting_command_go_first()
    {
        Lock storeLock = new();
        RightOfWay rightOfWay = new();
        ConcurrentQueue<string> order = new();
        Task command;
        using (storeLock.EnterScope())
        {
            command = Task.Run(() =>
            {
                using (rightOfWay.Enter(storeLock))
                    order.Enqueue("command");
            });
            Assert.True(SpinWait.SpinUntil(() => rightOfWay.Waiting == 1, TimeSpan.FromMinutes(1)));
        }

        rightOfWay.GiveWay();
        lock (storeLock)
            order.Enqueue("step");
        await command;
        Assert.Equal(["command", "step"], order);
        Assert.Equal(0, rightOfWay.Waiting);
    }
}
