using Coord.Scheduling.Placement;
using static Coord.Scheduling.Tests.Placement.Cluster;

namespace Coord.Scheduling.Tests.Placement;

/// <summary>Each filter by itself, and what third parties can add.</summary>
public sealed class FilterTests
{
    // What a unit requires, what a node has, and whether it may run there: OR within a key, AND across keys.
    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "zone=a", true)]
    [InlineData("zone=a", "", false)]
    [InlineData("zone=a", "zone=a", true)]
    [InlineData("zone=a", "zone=b", false)]
    [InlineData("zone=a", "Zone=a", false)]
    [InlineData("zone=a|b", "zone=a", true)]
    [InlineData("zone=a|b", "zone=b", true)]
    [InlineData("zone=a|b", "zone=c", false)]
    [InlineData("zone=a disk=ssd", "zone=a", false)]
    [InlineData("zone=a disk=ssd", "disk=ssd", false)]
    [InlineData("zone=a disk=ssd", "zone=a disk=ssd", true)]
    [InlineData("zone=a|b disk=ssd|nvme", "zone=b disk=nvme", true)]
    [InlineData("zone=a|b disk=ssd|nvme", "zone=b disk=hdd", false)]
    [InlineData("zone=a|b disk=ssd|nvme", "zone=ssd disk=a", false)]
    [InlineData("zone=a zone=b", "zone=a", false)]
    [InlineData("zone=", "zone=", true)]
    [InlineData("zone=", "zone=a", false)]
    public void Labels_are_or_within_a_key_and_and_across_keys(string required, string labels, bool mayRun)
    {
        Cluster cluster = new Cluster()
            .Node("n", node => node with { Labels = Pairs(labels).ToDictionary(pair => pair.Key, pair => pair.Value) })
            .Unit("u", limits => limits with
            {
                RequiredLabels = [.. Pairs(required).Select(pair => new Requirement(pair.Key, pair.Value.Split('|')))],
            });
        PlacementPlan plan = cluster.Plan();
        Assert.Equal(mayRun ? 1 : 0, plan.Changes.Count);
        if (!mayRun)
            Assert.Contains("labels 1", Assert.Single(plan.Unplaced).Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_of_the_app_runs_only_where_it_is_offered_and_other_runners_where_they_are()
    {
        Cluster cluster = new Cluster().Node("a").Node("b", node => node with { Offers = [U("job")] })
            .Unit("job", unit => unit with { Runner = RunnerNames.InProcess })
            .Unit("box", unit => unit with { Runner = RunnerNames.Docker });
        PlacementPlan plan = cluster.Settle();
        Assert.Equal(N("b"), cluster.Where("job"));
        Assert.Contains("runner 2", Assert.Single(plan.Unplaced).Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Taints_keep_units_away_that_do_not_tolerate_all_of_them()
    {
        Cluster cluster = new Cluster().Node("a", node => node with { Taints = ["gpu", "old"] })
            .Unit("none").Unit("one", limits => limits with { Tolerations = ["gpu"] })
            .Unit("both", limits => limits with { Tolerations = ["old", "gpu"] });
        cluster.Settle();
        Assert.Equal(S("both"), Assert.Single(cluster.Assigned).Key);
    }

    [Fact]
    public void An_explanation_names_the_filter_the_costs_and_the_runner_up()
    {
        Cluster cluster = new Cluster().Node("a", 1000).Node("b", 2000).Node("c", 100).Node("d", 4000, ("zone", "x"))
            .Unit("u", 500, limits => limits with { Conflicts = ["foe"] }).Unit("foe", 40).Assign("foe", "a");
        PlacementExplanation explanation = new Planner().Explain(cluster.Snapshot(), S("u"))!;
        Assert.Equal(N("d"), explanation.Decision.To);
        Assert.Equal(N("b"), explanation.Decision.RunnerUp!.Node);
        Assert.Equal(
            "u/0 goes to d (least-loaded 536870912); runner-up is b (least-loaded 1073741824); of 4 nodes removed by "
            + "filters: resources 1, conflicts 1.",
            explanation.ToString());
        Assert.Equal(
            "c was removed by the filter 'resources': 100 of cpu are left, and 500 are asked for.",
            explanation.WhyNot(N("c")));
        Assert.Equal(
            "b could run it, and costs b (least-loaded 1073741824) against d (least-loaded 536870912).",
            explanation.WhyNot(N("b")));
        Assert.Null(new Planner().Explain(cluster.Snapshot(), S("u", 1)));
    }

    [Fact]
    public void A_third_partys_filter_is_asked_for_few_nodes_and_its_score_changes_the_choice()
    {
        Cluster cluster = new();
        for (int i = 0; i < 500; i++)
            cluster.Node($"n{i:D3}", 1000);
        for (int i = 0; i < 500; i++)
            cluster.Unit($"u{i:D3}", 100);
        CountingFilter filter = new();
        cluster.Options = new PlannerOptions { Filters = [filter] };
        PlacementPlan plan = cluster.Plan();
        Assert.Equal(500, plan.Changes.Count);
        Assert.DoesNotContain(plan.Changes, change => change.To == N("n000"));

        // Once for each slot, and once more for each time that the node it forbids comes first.
        Assert.InRange(filter.Calls, 500, 1000);

        cluster.Options = new PlannerOptions { Scores = [new Preference()] };
        plan = cluster.Plan();
        Assert.Equal(10, plan.Changes.Count(change => change.To == N("n123")));
    }

    [Fact]
    public void A_hypothesis_adds_nodes_and_copies_and_takes_zones_away()
    {
        Cluster cluster = new Cluster().Node("a", 1000, ("zone", "x")).Node("b", 1000, ("zone", "x"))
            .Node("c", 1000, ("zone", "y")).Unit("u", 400).Assign("u", "a");
        Planner planner = new();
        PlacementPlan plan = planner.Simulate(cluster.Snapshot(), new PlacementHypothesis
        {
            LostLabels = [new("zone", ["x"])],
            NewCopies = [new(cluster.Units[U("u")], 5)],
            NewNodes = [cluster.Nodes[N("c")] with { Name = N("d") }],
        });
        Assert.Equal(4, plan.Changes.Count);
        Assert.Equal(new PlacementChange(S("u"), N("a"), N("c"), PlacementReason.NodeLost), plan.Changes[0]);
        Assert.Equal([S("u:4"), S("u:5")], plan.Unplaced.Select(slot => slot.Slot));

        NodeLossForecast forecast = planner.ForecastNodeLosses(cluster.Snapshot())[0];
        Assert.Equal(new NodeLossForecast(N("a"), 1, 0, NodeLoad.Whole * 2 / 5, N("b")), forecast);
    }

    private static IEnumerable<(string Key, string Value)> Pairs(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2)).Select(pair => (pair[0], pair[1]));

    private sealed class CountingFilter : IPlacementFilter
    {
        public string Name => "counting";

        public int Calls { get; private set; }

        public bool Allows(in PlacementCandidate candidate)
        {
            Calls++;
            return candidate.Load.Node.Name != N("n000");
        }
    }

    private sealed class Preference : IPlacementScore
    {
        public string Name => "preference";

        public long Cost(in PlacementCandidate candidate) =>
            candidate.Load.Node.Name == N("n123") ? 0 : NodeLoad.Whole;
    }
}
