using Coord.Raft;

namespace Coord.Benchmarks;

/// <summary>Callers that each wait for one proposal before they make the next.</summary>
internal static class Callers
{
    /// <summary>Makes a number of proposals, divided among the callers, and waits for all.</summary>
    public static Task ProposeAsync(RaftNode node, byte[] command, int callers, int proposals)
    {
        Task[] tasks = new Task[callers];
        for (int i = 0; i < callers; i++)
            tasks[i] = Task.Run(() => LoopAsync(node, command, proposals / callers));

        return Task.WhenAll(tasks);
    }

    private static async Task LoopAsync(RaftNode node, byte[] command, int count)
    {
        for (int i = 0; i < count; i++)
            await node.ProposeAsync(command).ConfigureAwait(false);
    }
}
