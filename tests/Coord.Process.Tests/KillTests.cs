using Coord.Process.Tests.Faults;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>The guarantee: what was acknowledged survives kill -9 of any members at any moment.</summary>
/// <remarks>
/// COORD_TORTURE_ROUNDS sets how often somebody is killed, COORD_SEED repeats the choices of a run (not its timing).
/// </remarks>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Writers = 4;
    private static readonly int Rounds = FromEnvironment("COORD_TORTURE_ROUNDS") ?? 20;
    private static readonly int Seed = FromEnvironment("COORD_SEED") ?? Environment.TickCount & 0xffff;

    [Fault("P2", "kill -9 of leader, followers, all, under load", "nothing acknowledged is lost, nothing seen twice")]
    [Fact]
    public async Task No_acknowledged_write_is_lost_when_members_are_killed()
    {
        output.WriteLine($"COORD_SEED={Seed} COORD_TORTURE_ROUNDS={Rounds}");
        Random random = new(Seed);

        // A snapshot every few hundred entries, so that restarts meet all kinds of directories.
        using TestCluster cluster = new(output, flags: ["--snapshot-count", "500", "--log-level", "warn"]);
        await cluster.StartAsync();
        History history = new();
        Writer[] writers =
            [.. Enumerable.Range(1, Writers).Select(i => new Writer($"w{i}", cluster, history, Seed + i))];
        using Follower follower = new(cluster, History.Prefix, Seed);
        List<TimeSpan> recoveries = [];
        for (int round = 1; round <= Rounds; round++)
            recoveries.Add(await KillAndRecoverAsync(cluster, history, random, round));

        foreach (Writer writer in writers)
        {
            await writer.StopAsync();
            writer.Dispose();
        }

        await cluster.ConvergedAsync();
        await CompareAsync(cluster, history, follower);
        output.WriteLine(
            $"{history.Count} writes: {history.CountOf(WriteOutcome.Acknowledged)} acknowledged, "
            + $"{history.CountOf(WriteOutcome.DidNotHappen)} refused, {history.CountOf(WriteOutcome.Unknown)} unknown. "
            + $"From kill to next write: median {recoveries.Order().ElementAt(Rounds / 2).TotalMilliseconds:0} ms, "
            + $"longest {recoveries.Max().TotalMilliseconds:0} ms.");
    }

    /// <summary>Kills the leader, another member, two of them or all; then waits until writes go on.</summary>
    private static async Task<TimeSpan> KillAndRecoverAsync(
        TestCluster cluster, History history, Random random, int round)
    {
        ClusterMember leader = await cluster.LeaderAsync();
        List<ClusterMember> others = [.. cluster.Members.Where(member => member != leader)];
        ClusterMember other = others[random.Next(others.Count)];
        ClusterMember[] victims = random.Next(10) switch
        {
            < 5 => [leader],
            < 7 => [other],
            < 8 => [leader, other],
            < 9 => others.ToArray(),
            _ => [.. cluster.Members],
        };

        long killed = TimeProvider.System.GetTimestamp();
        foreach (ClusterMember victim in victims)
            victim.Process!.Kill();

        // Half of the time the others must go on without the victim before it returns.
        int acknowledged = history.CountOf(WriteOutcome.Acknowledged);
        bool alone = victims.Length == 1 && random.Next(2) == 0;
        TimeSpan recovery = default;
        if (alone)
            recovery = await WritesGoOnAsync(history, acknowledged, killed, round);

        foreach (ClusterMember victim in victims)
            cluster.Start(victim);

        if (!alone)
            recovery = await WritesGoOnAsync(history, acknowledged, killed, round);
        foreach (ClusterMember victim in victims)
            await cluster.AnswersAsync(victim);

        return recovery;
    }

    private static async Task<TimeSpan> WritesGoOnAsync(History history, int acknowledged, long killed, int round)
    {
        // The writes that were on their way count as before the kill; what is beyond them, as after it.
        await Eventually.IsTrueAsync(
            $"writes go on after round {round}.",
            () => history.CountOf(WriteOutcome.Acknowledged) > acknowledged + Writers);
        return TimeProvider.System.GetElapsedTime(killed);
    }

    private static async Task CompareAsync(TestCluster cluster, History history, Follower follower)
    {
        KeyRangeAnswer state = await history.CompareAsync(cluster.Members);
        long last = state.Kvs.Max(pair => pair.ModRevision);
        IReadOnlyDictionary<string, long> seen = await follower.StopAtAsync(last);
        Assert.Equal(
            state.Kvs.Select(pair => (pair.Key, pair.ModRevision)).Order(),
            seen.Select(pair => (pair.Key, pair.Value)).Order());
    }

    private static int? FromEnvironment(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : null;
}
