using System.Globalization;
using Coord.Client;
using Coord.Kv;
using Coord.Kv.Coordination;
using Coord.Process.Tests.Faults;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;
using ClusterMember = Coord.Process.Tests.Harness.ClusterMember;

namespace Coord.Process.Tests;

/// <summary>A lease is no mutual exclusion: a holder that was paused goes on. Its token stops it.</summary>
public sealed class PausedHolderTests(ITestOutputHelper output)
{
    [Fault("C14", "a holder of a lock suspended beyond its lease", "what it writes is refused")]
    [Fact]
    public async Task What_a_holder_writes_that_was_suspended_beyond_its_lease_is_refused()
    {
        using TestCluster cluster = new(output);
        await cluster.StartAsync();
        foreach (ClusterMember member in cluster.Members)
            await cluster.AnswersAsync(member);
        string[] endpoints = [.. cluster.Members.Select(member => member.ClientUrl)];
        using HostProcess paused = HostProcess.StartSelf(["lock", .. endpoints], cluster.Directory);
        long first = await HoldsAsync(paused);
        paused.Say("before");
        await SaysAsync(paused, "before: lost False, written True");

        await using CoordClient client = new(endpoints);
        await using CoordinationSession session = await CoordinationSession.CreateAsync(client, LockHolder.Session);
        paused.Signal("STOP");
        await using CoordinationHandle next =
            await new DistributedLock(session, "lock").AcquireAsync().AsTask().WaitAsync(Eventually.Patience);
        Assert.True(next.FencingToken.Value > first);
        Assert.True(await LockHolder.WriteAsync(client, next, "next"));

        // This waits in its input, so that writing is the first thing that it does when it goes on.
        paused.Say("after");
        paused.Signal("CONT");
        await SaysAsync(paused, "after: lost True, written False");
        KeyValue? stored = await client.GetAsync("protected");
        Assert.Equal($"next {next.FencingToken.Value}", stored!.ValueString);
        Assert.False(next.IsLost);
    }

    [Fact]
    public async Task A_lock_outlives_the_loss_of_the_leader_and_its_holder_keeps_it()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        foreach (ClusterMember member in cluster.Members)
            await cluster.AnswersAsync(member);
        await using CoordClient client = new(cluster.Members.Select(member => member.ClientUrl));
        await using CoordinationSession session = await CoordinationSession.CreateAsync(client);
        await using CoordinationHandle held = await new DistributedLock(session, "lock").AcquireAsync();
        await using CoordinationSession other = await CoordinationSession.CreateAsync(client);
        Task<CoordinationHandle> waits = new DistributedLock(other, "lock").AcquireAsync().AsTask();
        leader.Process!.Kill();
        await cluster.LeaderAsync();
        Assert.True(await LockHolder.WriteAsync(client, held, "held"));
        Assert.False(held.IsLost);
        Assert.False(waits.IsCompleted);
        await held.ReleaseAsync();
        await using CoordinationHandle next = await waits.WaitAsync(Eventually.Patience);
        Assert.True(next.FencingToken > held.FencingToken);
    }

    private static async Task<long> HoldsAsync(HostProcess holder)
    {
        string line = await Eventually.GetAsync("it holds the lock.", () => Task.FromResult(
            holder.Output.Split('\n').FirstOrDefault(line => line.StartsWith("holds ", StringComparison.Ordinal))));
        return long.Parse(line["holds ".Length..], CultureInfo.InvariantCulture);
    }

    private static Task SaysAsync(HostProcess holder, string line) => Eventually.IsTrueAsync(
        $"it says '{line}'.", () => holder.Output.Contains(line, StringComparison.Ordinal));
}
