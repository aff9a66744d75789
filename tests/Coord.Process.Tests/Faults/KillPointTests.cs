using System.Globalization;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests.Faults;

/// <summary>SIGKILL on entry to a chosen system call, one after the other: between any two steps on the disk.</summary>
/// <remarks>The short form takes a few of the points, the long form each.</remarks>
public sealed class KillPointTests(ITestOutputHelper output)
{
    /// <summary>What a first start asks of the disk, with how often; the zeros of a segment are all alike.</summary>
    private static readonly (string Call, int[] Points)[] FirstStart = FaultFactAttribute.IsLong
        ?
        [
            ("mkdir", [1, 2, 3]),
            ("fsync", [.. Enumerable.Range(1, 7)]),
            ("rename", [.. Enumerable.Range(1, 5)]),
            ("fdatasync", [.. Enumerable.Range(1, 16)]),
            ("pwrite64", [1, 2, 3, 4, 5, 36, 68, 69, 70, 71, 72, 73, 74, 75, 76]),
        ]
        : [("rename", [2, 5]), ("fdatasync", [12])];

    private static readonly (string Call, int[] Points)[] NextStart = FaultFactAttribute.IsLong
        ? [("fsync", [1]), ("fdatasync", [1, 2, 3]), ("pwrite64", [1, 2, 3])]
        : [("pwrite64", [1])];

    /// <summary>What members do under load: their logs, their snapshots, and what they do with old files.</summary>
    private static readonly (string Threads, string Call, int[] Points)[] AtWork = FaultFactAttribute.IsLong
        ?
        [
            (Strace.Log, "pwrite64", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]),
            (Strace.Log, "fdatasync", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]),
            (Strace.Snapshot, "openat", [1, 2]),
            (Strace.Snapshot, "pwrite64", [1, 2]),
            (Strace.Snapshot, "fdatasync", [1]),
            (Strace.Snapshot, "rename", [1]),
            (Strace.Snapshot, "fsync", [1]),
            (Strace.Snapshot, "unlink", [1]),
        ]
        : [(Strace.Log, "pwrite64", [7]), (Strace.Log, "fdatasync", [7]), (Strace.Snapshot, "rename", [1])];

    /// <summary>What happens around the change of segments, with the segment loop ahead of the log.</summary>
    private static readonly (string Call, int[] Points)[] Rotation =
    [
        ("openat", [1, 2, 3, 4]), ("rename", [1, 2, 3]), ("fsync", [1, 2, 3]), ("unlink", [1]),
    ];

    private int _written;

    public static TheoryData<string> CallsOfFirstStart => [.. FirstStart.Select(start => start.Call)];

    [Fault("P1", "SIGKILL at each disk call of a first start", "the next start serves")]
    [FaultTheory(Needs.Strace)]
    [MemberData(nameof(CallsOfFirstStart))]
    public async Task A_first_start_that_was_killed_anywhere_is_followed_by_one_that_works(string call)
    {
        int kills = 0;
        foreach (int point in FirstStart.Single(start => start.Call == call).Points)
        {
            using TestCluster cluster = new(output, size: 1);
            if (!await StartIsKilledAsync(cluster, call, point))
                break;

            kills++;
            await ServesAsync(cluster, "first", $"after {call} #{point}");
        }

        Assert.True(kills > 0, $"No {call} killed.");
        output.WriteLine($"seen: {kills} at {call}");
    }

    [Fault("P1", "SIGKILL at each disk call of a later start", "the next start serves; nothing acknowledged is lost")]
    [FaultFact(Needs.Strace)]
    public async Task A_start_that_was_killed_anywhere_is_followed_by_one_that_has_all()
    {
        using TestCluster cluster = new(output, size: 1);
        await ServesAsync(cluster, "kept", "at first");
        int kills = 0;
        foreach ((string call, int[] points) in NextStart)
        {
            foreach (int point in points)
            {
                if (!await StartIsKilledAsync(cluster, call, point))
                    break;

                await ServesAsync(cluster, $"kept/{++kills}", $"after {call} #{point}");
            }
        }

        // What was acknowledged before and between the kills is there, each key of it.
        await cluster.StartAndWaitAsync(cluster.Members[0]);
        await cluster.LeaderAsync();
        Assert.Equal(kills + 1, (await cluster.Members[0].Client.GetPrefixAsync("kept")).Count);
        Assert.True(kills >= NextStart.Length, $"Only {kills} starts were killed.");
        output.WriteLine($"seen: {kills} starts killed; each next one served, and had all");
    }

    [Fault("P1", "SIGKILL at the n-th disk call under load", "nothing acknowledged is lost; it returns")]
    [Fault("D35", "a crash between two file operations of a snapshot", "nothing acknowledged is lost; it returns")]
    [FaultFact(Needs.Strace)]
    public async Task A_member_that_is_killed_at_a_chosen_call_returns()
    {
        using LoadedCluster load = new(output, "--snapshot-count", "100", "--log-level", "warn");
        ClusterMember victim = await load.StartAsync();
        int kills = 0;
        foreach ((string threads, string call, int[] points) in AtWork)
        {
            foreach (int point in points)
            {
                using (Strace.Attach(victim.Process!, threads, $"{call}:signal=KILL:when={point}"))
                    await Eventually.IsTrueAsync($"{call} #{point} kills.", () => !victim.IsRunning);
                kills++;
                await load.GoesOnAsync($"without {victim.Name}");
                await load.ReturnsAsync(victim);

                // The leader of the moment or another, in turns.
                ClusterMember leader = await load.Cluster.LeaderAsync();
                victim = kills % 2 == 0 ? leader : load.OtherThan(leader);
            }
        }

        output.WriteLine($"seen: {kills} kills; {await load.EndAsync()}");
    }

    [Fault("D35", "SIGKILL at the n-th file operation of a change of segments", "nothing acknowledged is lost")]
    [FaultFact(Needs.Strace | Needs.LongForm)]
    public async Task A_node_that_is_killed_around_a_change_of_segments_keeps_all()
    {
        int kills = 0, notReached = 0;
        foreach ((string call, int[] points) in Rotation)
        {
            // One for each call, because the history of large values stays in memory.
            using TestCluster cluster = new(output, size: 1, flags: ["--snapshot-count", "100", "--log-level", "warn"]);
            ClusterMember node = await cluster.StartAsync();
            _written = 0;
            foreach (int point in points)
            {
                bool killed = await FillUntilKilledAsync(node, $"{call}:signal=KILL:when={point}");
                (kills, notReached) = killed ? (kills + 1, notReached) : (kills, notReached + 1);
                node.Process!.Kill();
                await cluster.StartAndWaitAsync(node);
                await cluster.LeaderAsync();
                KeyValueEntry? last = await node.Client.GetAsync("last");
                Assert.InRange(int.Parse(last!.Value, CultureInfo.InvariantCulture), _written, _written + 1);
            }
        }

        Assert.True(kills > 0, "No call has killed.");
        output.WriteLine($"seen: {kills} kills, {notReached} points not reached; the last write was there each time");
    }

    /// <summary>Writes somewhat more than a segment, or less if a call kills before.</summary>
    private async Task<bool> FillUntilKilledAsync(ClusterMember node, string injection)
    {
        const int Writes = 75;
        string value = new('x', 1_000_000);
        using Strace strace = Strace.Attach(node.Process!, Strace.AllLoops, injection);
        for (int i = 0; i < Writes && node.IsRunning; i++)
        {
            await node.Client.PutAsync($"big/{i % 4}", value);
            WriteResult result = await node.Client.PutAsync("last", $"{_written + 1}");
            if (result.Outcome is WriteOutcome.Acknowledged)
                _written++;
        }

        return !node.IsRunning;
    }

    /// <summary>Starts a host that shall be killed on its way; false if it makes fewer such calls.</summary>
    private static async Task<bool> StartIsKilledAsync(TestCluster cluster, string call, int point)
    {
        ClusterMember node = cluster.Members[0];
        string trace = Path.Combine(cluster.Directory, "trace");
        cluster.Start(node, Strace.Launch(trace, null, $"{call}:signal=KILL:when={point}"));
        await Eventually.IsTrueAsync(
            "it was killed, or leads.",
            async () => !node.IsRunning || await node.Client.TryGetStatusAsync() is { Role: "leader" });
        bool isKilled = !node.IsRunning;
        node.Process!.Kill();
        return isKilled;
    }

    private static async Task ServesAsync(TestCluster cluster, string key, string when)
    {
        ClusterMember node = cluster.Members[0];
        await cluster.StartAndWaitAsync(node);
        await cluster.LeaderAsync();
        WriteResult result = await node.Client.PutAsync(key, when);
        Assert.True(result.Outcome is WriteOutcome.Acknowledged, $"{when}: {result}");
        node.Process!.Kill();
    }
}
