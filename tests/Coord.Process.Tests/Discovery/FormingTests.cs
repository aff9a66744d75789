using Coord.Process.Tests.Harness;
using Xunit.Abstractions;

namespace Coord.Process.Tests.Discovery;

/// <summary>Real processes that know nothing but a token form one cluster, once.</summary>
public sealed class FormingTests(ITestOutputHelper output)
{
    private const StringComparison Ordinal = StringComparison.Ordinal;
    private static readonly string[] Orders = ["123", "132", "213", "231", "312", "321"];

    [Fact]
    public async Task Three_nodes_form_a_cluster_in_every_order_of_starting()
    {
        using TokenCluster cluster = new(output);
        await cluster.StartServiceAsync();
        foreach (string order in Orders)
        {
            string url = await cluster.NewTokenAsync(3);
            long start = TimeProvider.System.GetTimestamp();
            List<ClusterMember> nodes = [];
            foreach (char name in order)
            {
                nodes.Add(cluster.StartNode($"n{name}-{order}", url));
                int started = nodes.Count;
                await Eventually.IsTrueAsync($"{started} have registered.", async () =>
                    await cluster.RegisteredAsync(url) >= started);
            }

            await TokenCluster.TakesWritesAsync([.. nodes]);
            output.WriteLine($"{order}: {TimeProvider.System.GetElapsedTime(start).TotalSeconds:f1} s");
            cluster.KillNodes();
        }
    }

    [Fact]
    public async Task Of_five_that_race_three_form_the_cluster_and_two_are_told_that_it_is_full()
    {
        using TokenCluster cluster = new(output);
        await cluster.StartServiceAsync();
        string url = await cluster.NewTokenAsync(3);
        ClusterMember[] all = [.. Enumerable.Range(1, 5).Select(i => cluster.StartNode($"n{i}", url))];
        await Eventually.IsTrueAsync("two have ended.", () => all.Count(node => !node.IsRunning) >= 2);
        foreach (ClusterMember late in all.Where(node => !node.IsRunning))
        {
            await late.Process!.ExitAsync();
            FlagTests.AssertRefused(late.Process, 1, "cluster is full (3 of 3)");
            Assert.False(Directory.Exists(late.DataDirectory));
        }

        await TokenCluster.TakesWritesAsync([.. all.Where(node => node.IsRunning)]);
        Assert.Equal(3, all.Count(node => node.IsRunning));
    }

    [Fact]
    public async Task A_member_that_crashes_at_any_step_comes_back_to_the_same_cluster()
    {
        using TokenCluster cluster = new(output);
        await cluster.StartServiceAsync();
        string url = await cluster.NewTokenAsync(3);
        string token = url[^32..];

        // Before it could register: the service is away, and comes back.
        cluster.StopService();
        ClusterMember one = cluster.StartNode("n1", url);
        await Eventually.IsTrueAsync("it says what it waits for.", () =>
            one.Process!.Errors.Contains("is out of reach", StringComparison.Ordinal));
        await cluster.StartServiceAsync();
        await RegisteredAsync(1);

        // After it registered, while others are missing: its key says the same as it does.
        one.Process!.Kill();
        Assert.False(Directory.Exists(one.DataDirectory));
        cluster.Start(one, url);
        await Eventually.IsTrueAsync("it waits again.", () =>
            one.Process!.Errors.Contains("Found 1 of 3 members", StringComparison.Ordinal));

        // Between knowing the cluster and starting in it: what stands in the way keeps it from opening its log.
        ClusterMember two = cluster.Create("n2");
        Directory.CreateDirectory(two.DataDirectory);
        string obstacle = Path.Combine(two.DataDirectory, "log");
        await File.WriteAllTextAsync(obstacle, "");
        cluster.Start(two, url);
        await RegisteredAsync(2);
        ClusterMember three = cluster.StartNode("n3", url);
        Assert.Equal(1, await two.Process!.ExitAsync());
        await TokenCluster.TakesWritesAsync(one, three);
        cluster.StopService();
        File.Delete(obstacle);
        cluster.Start(two, url);
        await TokenCluster.TakesWritesAsync(one, two, three);

        // Once it has data: nobody needs the token any more.
        three.Process!.Kill();
        cluster.Start(three, url);
        await TokenCluster.TakesWritesAsync(one, two, three);
        Assert.All((ClusterMember[])[one, two, three], node =>
            Assert.DoesNotContain(token, node.Transcript(), StringComparison.Ordinal));
        two.Dispose();

        Task RegisteredAsync(int count) => Eventually.IsTrueAsync($"{count} have registered.", async () =>
            await cluster.RegisteredAsync(url) >= count);
    }

    [Fact]
    public async Task An_unknown_token_is_named_by_its_last_digits_and_nothing_is_left()
    {
        using TokenCluster cluster = new(output);
        await cluster.StartServiceAsync();
        ClusterMember node = cluster.StartNode("n1", $"{cluster.ServiceUrl}/{new string('0', 28)}abcd");
        await node.Process!.ExitAsync();
        FlagTests.AssertRefused(node.Process, 1, "does not know the token ...abcd");
        Assert.False(Directory.Exists(node.DataDirectory));
        Assert.DoesNotContain("00abcd", node.Transcript(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_comes_too_late_joins_as_a_learner_and_is_promoted()
    {
        using TokenCluster cluster = new(output);
        await cluster.StartServiceAsync();
        string url = await cluster.NewTokenAsync(1);
        ClusterMember first = cluster.StartNode("n1", url);
        await TokenCluster.TakesWritesAsync(first);
        ClusterMember late = cluster.StartNode("n2", url, "--discovery-fallback", "learner");
        string line = await Eventually.GetAsync("the learner is listed.", async () =>
            (await MembersAsync(first)).FirstOrDefault(member => member.Contains("started, n2", Ordinal)));
        Assert.EndsWith("true", line, Ordinal);

        // It has the log: as a voter from now on, without which nothing is decided.
        string id = line.Split(',')[0];
        Assert.Contains(
            "promoted", await CoordTool.RunAsync("--endpoints", first.ClientUrl, "member", "promote", id), Ordinal);
        Assert.All(await MembersAsync(first), member => Assert.EndsWith("false", member, Ordinal));
        await TokenCluster.TakesWritesAsync(first, late);
        late.Process!.Kill();
        cluster.Start(late, url, "--discovery-fallback", "learner");
        await TokenCluster.TakesWritesAsync(first, late);
    }

    private static async Task<string[]> MembersAsync(ClusterMember at) =>
        (await CoordTool.RunAsync("--endpoints", at.ClientUrl, "member", "list")).Trim().Split('\n');
}
