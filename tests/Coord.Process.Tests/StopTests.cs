using System.Net;
using Coord.Process.Tests.Faults;
using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests;

/// <summary>How members leave and fall silent without being killed.</summary>
public sealed class StopTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_leader_that_is_asked_to_stop_hands_over_and_exits_well()
    {
        using TestCluster cluster = new(output, flags: ["--heartbeat-interval", "100", "--election-timeout", "3000"]);
        ClusterMember leader = await cluster.StartAsync();
        await leader.Client.MustPutAsync("before", "1");

        long start = TimeProvider.System.GetTimestamp();
        leader.Process!.Signal("TERM");
        Assert.Equal(0, await leader.Process.ExitAsync());
        await cluster.LeaderAsync();
        await cluster.WritesAsync(cluster.Running.First(), "after", "2");

        // Without a hand-over nobody would campaign before the election timeout had passed.
        TimeSpan gap = TimeProvider.System.GetElapsedTime(start);
        output.WriteLine($"From the signal to the next write: {gap.TotalMilliseconds:0} ms");
        Assert.True(gap < TimeSpan.FromSeconds(3), $"It took {gap}.");
        Assert.Equal("1", (await cluster.Running.First().Client.GetAsync("before"))!.Value);
    }

    [Fact]
    public async Task A_single_node_stops_on_request_and_comes_back_with_its_data()
    {
        using TestCluster cluster = new(output, size: 1);
        ClusterMember node = await cluster.StartAsync();
        long revision = await node.Client.MustPutAsync("kept", "yes");
        node.Process!.Signal("TERM");
        Assert.Equal(0, await node.Process.ExitAsync());

        long start = TimeProvider.System.GetTimestamp();
        await cluster.StartAndWaitAsync(node);
        await cluster.LeaderAsync();
        KeyValueEntry? kept = await node.Client.GetAsync("kept");
        output.WriteLine($"From start to read: {TimeProvider.System.GetElapsedTime(start).TotalMilliseconds:0} ms");
        Assert.Equal(("yes", revision), (kept!.Value, kept.ModRevision));
    }

    [Fact]
    public async Task A_watch_ends_when_its_member_stops_and_goes_on_at_another()
    {
        using TestCluster cluster = new(output);
        ClusterMember leader = await cluster.StartAsync();
        long first = await leader.Client.MustPutAsync("w/1", "1");
        List<WatchedEvent> events = await ReadAsync(leader.Client.WatchAsync("w/", first, default), leader);
        Assert.Equal(["w/1"], events.Select(seen => seen.Key));

        await cluster.LeaderAsync();
        ClusterMember next = cluster.Running.First();
        long second = await next.Client.MustPutAsync("w/2", "2");
        await foreach (WatchedEvent seen in next.Client.WatchAsync("w/", first + 1, default))
        {
            Assert.Equal(("w/2", second), (seen.Key, seen.Revision));
            break;
        }

        // Asks the member to stop as soon as it has delivered something, and reads to the end of the stream.
        static async Task<List<WatchedEvent>> ReadAsync(IAsyncEnumerable<WatchedEvent> stream, ClusterMember member)
        {
            List<WatchedEvent> events = [];
            await foreach (WatchedEvent seen in stream)
            {
                events.Add(seen);
                member.Process!.Signal("TERM");
            }

            Assert.Equal(0, await member.Process!.ExitAsync());
            return events;
        }
    }

    /// <summary>
    /// Thesis §6.4: a leader that was replaced while it was paused must not answer from its own state.
    /// </summary>
    [Fault("P4", "reads that wait at a leader that is suspended and replaced", "none is stale")]
    [Fact]
    public async Task A_leader_that_was_suspended_serves_no_stale_read_when_it_resumes()
    {
        using TestCluster cluster = new(output);
        ClusterMember paused = await cluster.StartAsync();
        await paused.Client.MustPutAsync("who", "old");

        paused.Process!.Signal("STOP");
        ClusterMember successor = await cluster.LeaderAsync(besides: paused);
        await cluster.WritesAsync(successor, "who", "new");

        // These wait in the paused member's socket and are what it sees first when it resumes.
        Task<KeyValueEntry?>[] reads = [.. Enumerable.Range(0, 20).Select(_ => paused.Client.TryGetAsync("who"))];
        paused.Process.Signal("CONT");
        foreach (KeyValueEntry? read in await Task.WhenAll(reads))
            Assert.True(read is null or { Value: "new" }, $"A stale read: {read}");

        await Eventually.IsTrueAsync(
            "the member reads again.", async () => await paused.Client.TryGetAsync("who") is not null);
    }

    [Fact]
    public async Task Health_says_whether_there_is_a_leader()
    {
        using TestCluster cluster = new(output);
        ClusterMember lone = cluster.Members[0];
        await cluster.StartAndWaitAsync(lone);
        using HttpResponseMessage before = await lone.Client.Http.GetAsync("health");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, before.StatusCode);
        Assert.StartsWith("{\"health\":\"false\"", await before.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        cluster.Start(cluster.Members[1]);
        await cluster.LeaderAsync();
        using HttpResponseMessage after = await lone.Client.Http.GetAsync("health");
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        Assert.Equal("{\"health\":\"true\"}", (await after.Content.ReadAsStringAsync()).TrimEnd());

        cluster.Members[1].Process!.Kill();
        await Eventually.IsTrueAsync("the last member says it has no leader.", async () =>
        {
            using HttpResponseMessage answer = await lone.Client.Http.GetAsync("health");
            return answer.StatusCode is HttpStatusCode.ServiceUnavailable;
        });
    }
}
