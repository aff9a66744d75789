using Coord.Kv;
using Coord.Kv.Tests.Coordination;
using Coord.Scheduling.Tests.Agent;

namespace Coord.Scheduling.Tests.Reconciler;

/// <summary>G1, G2, G4, G5, G7: from a spec to runs on nodes, and what happens when nodes come and go.</summary>
public sealed class SchedulerReconcilerTests
{
    private static readonly UnitSpec Web = new() { Name = new("web.service"), Runner = RunnerNames.Process };

    [Fact]
    public async Task A_singleton_runs_once_and_its_fence_names_its_runner()
    {
        await using ClusterProbe cluster = new(3);
        await cluster.SubmitAsync(Web);
        await cluster.RunsAsync("n1: web.service/0");
        FakeRun run = cluster.Nodes["n1"].Runner.Alive.Single();
        KeyValue fence = (await cluster.Store.GetAsync(KeyRange.Single(cluster.Keys.Fence(run.Context.Slot)))).First!;
        Assert.Equal(fence.ModRevision.Value, run.Context.Token.Value);
        Assert.StartsWith("{\"node\":\"n1\"", fence.ValueString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replicas_are_spread_and_a_new_node_moves_nothing()
    {
        await using ClusterProbe cluster = new(3);
        await cluster.SubmitAsync(Web with { Kind = UnitKind.Replicas, Count = 3 });
        await cluster.PassUntilAsync(() => cluster.Running.Length == 3, "Three replicas");
        Assert.Equal(3, cluster.Running.Select(run => run[..2]).Distinct().Count());
        string[] before = cluster.Running;
        cluster.Add(new() { Name = new("n0") });
        await cluster.SubmitAsync(Web with { Name = new("other.service") });
        await cluster.PassUntilAsync(() => cluster.Running.Contains("n0: other.service/0"), "The new node is used");
        Assert.Equal(before, cluster.Running.Where(run => run.Contains("web.service", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_global_unit_runs_on_every_node_also_on_one_that_comes_later()
    {
        await using ClusterProbe cluster = new(2);
        await cluster.SubmitAsync(Web with { Kind = UnitKind.Global });
        await cluster.PassUntilAsync(() => cluster.Running.Length == 2, "On both nodes");
        cluster.Add(new() { Name = new("n3") });
        await cluster.PassUntilAsync(() => cluster.Running.Length == 3, "On all three nodes");
        Assert.Equal(["n1", "n2", "n3"], cluster.Running.Select(run => run[..2]));
    }

    [Fact]
    public async Task A_destroyed_unit_is_stopped_and_leaves_no_key()
    {
        await using ClusterProbe cluster = new(2);
        await cluster.SubmitAsync(Web);
        await cluster.RunsAsync("n1: web.service/0");
        await cluster.DestroyAsync("web.service");
        await cluster.RunsAsync();
        await cluster.PassUntilAsync(
            () => !cluster.Store.Keys.Any(key => key.Contains("web.service", StringComparison.Ordinal)), "No key");
    }

    [Fact]
    public async Task An_inactive_unit_is_on_no_node_and_a_loaded_one_is_not_started()
    {
        await using ClusterProbe cluster = new(2);
        await cluster.SubmitAsync(Web with { DesiredState = UnitState.Loaded });
        await cluster.PassUntilAsync(
            () => cluster.Store.Keys.Contains("/coord/sched/status/n1/web.service/0"), "Loaded");
        Assert.Empty(cluster.Running);
        await cluster.SubmitAsync(Web);
        await cluster.RunsAsync("n1: web.service/0");
        await cluster.SubmitAsync(Web with { DesiredState = UnitState.Inactive });
        await cluster.PassUntilAsync(
            () => !cluster.Store.Keys.Any(key => key.StartsWith("/coord/sched/assign", StringComparison.Ordinal)),
            "Inactive");
        Assert.Empty(cluster.Running);
    }

    /// <summary>G1 and G2: at no moment do two run, though the first is only cut off, and goes on a while.</summary>
    [Fact]
    public async Task A_node_that_is_cut_off_stops_before_another_one_starts()
    {
        await using ClusterProbe cluster = new(3);
        await cluster.SubmitAsync(Web);
        await cluster.RunsAsync("n1: web.service/0");
        FakeRun first = cluster.Nodes["n1"].Runner.Alive.Single();
        cluster.Nodes["n1"].Store.Cut();
        await cluster.PassUntilAsync(
            () =>
            {
                Assert.True(cluster.Running.Length <= 1, string.Join("; ", cluster.Running));
                return cluster.Running.Contains("n2: web.service/0");
            },
            "The second node takes over");
        Assert.True(first.WasAsked);
        FakeRun second = cluster.Nodes["n2"].Runner.Alive.Single();
        Assert.True(second.Context.Token > first.Context.Token);

        // Back again, it starts nothing of what it had.
        cluster.Nodes["n1"].Store.Restore();
        await cluster.PassUntilAsync(
            () => cluster.Store.Keys.Contains("/coord/sched/node/n1"), "The first node is back");
        Assert.Equal(["n2: web.service/0"], cluster.Running);
    }

    [Fact]
    public async Task Losing_a_node_moves_exactly_its_units()
    {
        await using ClusterProbe cluster = new(3);
        for (int i = 0; i < 6; i++)
            await cluster.SubmitAsync(Web with { Name = new($"u{i}.service") });
        await cluster.PassUntilAsync(() => cluster.Running.Length == 6, "Six units");
        string[] stay = [.. cluster.Running.Where(run => !run.StartsWith("n3", StringComparison.Ordinal))];
        Assert.Equal(4, stay.Length);
        cluster.Nodes["n3"].Store.Cut();
        await cluster.PassUntilAsync(
            () => cluster.Running.Count(run => !run.StartsWith("n3", StringComparison.Ordinal)) == 6, "All moved");
        Assert.Empty(stay.Except(cluster.Running));
    }

    /// <summary>The drained node's run ends before the next begins, however long it takes.</summary>
    [Fact]
    public async Task A_node_that_stops_hands_its_units_over()
    {
        await using ClusterProbe cluster = new(2);
        cluster.Nodes["n1"].Runner.IsObedient = false;
        await cluster.SubmitAsync(Web with { StopGrace = TimeSpan.FromMinutes(1) });
        await cluster.RunsAsync("n1: web.service/0");
        FakeRun run = cluster.Nodes["n1"].Runner.Alive.Single();
        await cluster.Nodes["n1"].Stop.CancelAsync();
        await cluster.PassUntilAsync(() => run.WasAsked, "Asked");
        for (int i = 0; i < 100; i++)
        {
            cluster.Clock.Leap(0.1);
            await Task.Delay(1);
            Assert.Single(cluster.Running);
        }

        run.End();
        await cluster.RunsAsync("n2: web.service/0");
    }

    [Fact]
    public async Task A_one_shot_runs_once_and_again_only_for_another_spec()
    {
        await using ClusterProbe cluster = new(2);
        UnitSpec job = Web with { Name = new("job.service"), Kind = UnitKind.OneShot };
        await cluster.SubmitAsync(job);
        await cluster.RunsAsync("n1: job.service/0");
        cluster.Nodes["n1"].Runner.Alive.Single().End();
        // Until the slot is given back its node counts as busier than the other.
        await cluster.PassUntilAsync(() => cluster.Store.Keys.Contains("/coord/sched/done/job.service/0"), "Done");
        await cluster.SubmitAsync(Web);
        await cluster.RunsAsync("n1: web.service/0");
        Assert.Equal(2, cluster.Nodes.Values.Sum(node => node.Runner.Runs.Length));
        await cluster.SubmitAsync(job with { Version = "2" });
        await cluster.RunsAsync("n1: web.service/0", "n2: job.service/0");
    }

    [Fact]
    public async Task Another_node_plans_when_the_planner_is_cut_off()
    {
        await using ClusterProbe cluster = new(3);
        await cluster.PassUntilAsync(() => cluster.Store.Keys.Contains("/coord/sched/leader"), "Somebody leads");
        string leader = (await cluster.Store.GetAsync(KeyRange.Single(cluster.Keys.Leader))).First!.ValueString;
        string node = leader.Split('"')[3];
        cluster.Nodes[node].Store.Cut();
        await cluster.SubmitAsync(Web);
        await cluster.PassUntilAsync(
            () => cluster.Running is [string run] && !run.StartsWith(node, StringComparison.Ordinal), "Planned");
    }

    [Fact]
    public async Task What_has_no_place_waits_and_is_in_nobodys_way()
    {
        await using ClusterProbe cluster = new(2);
        await cluster.SubmitAsync(Web with { Requests = [new(ResourceAmount.Memory, long.MaxValue)] });
        UnitConstraints inZone = new() { RequiredLabels = [new("zone", ["a"])] };
        await cluster.SubmitAsync(Web with { Name = new("zone.service"), Constraints = inZone });
        await cluster.SubmitAsync(Web with { Name = new("fine.service") });
        await cluster.RunsAsync("n1: fine.service/0");
        cluster.Add(new() { Name = new("n3"), Labels = new Dictionary<string, string> { ["zone"] = "a" } });
        await cluster.RunsAsync("n1: fine.service/0", "n3: zone.service/0");
    }

    [Fact]
    public async Task Rubbish_in_the_store_is_left_out()
    {
        await using ClusterProbe cluster = new(1);
        await cluster.Store.PutAsync("/coord/sched/spec/bad.service", "{");
        await cluster.Store.PutAsync("/coord/sched/spec/other.service", "{\"name\":\"web.service\"}");
        await cluster.Store.PutAsync("/coord/sched/node/n9", "[]");
        await cluster.Store.PutAsync("/coord/sched/assign/n1/web.service/0", "null");
        await cluster.Store.PutAsync("/coord/sched/assign/n1/a/b/c", "{}");
        await cluster.Store.PutAsync("/coord/sched/fence/\0/-1", "{}");
        await cluster.SubmitAsync(Web with { Name = new("fine.service") });
        await cluster.RunsAsync("n1: fine.service/0");
    }
}
