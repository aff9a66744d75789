using Coord.Scheduling.Placement;
using static Coord.Scheduling.Tests.Placement.Cluster;

namespace Coord.Scheduling.Tests.Placement;

/// <summary>What a plan does with each kind of unit, and with each way in which it can go wrong.</summary>
public sealed class PlannerTests
{
    [Fact]
    public void A_unit_goes_to_the_node_that_is_least_busy_with_it()
    {
        // a would be half full with it, b at a third.
        Cluster cluster = new Cluster().Node("a", 1000).Node("b", 6000)
            .Unit("old", 1500).Assign("old", "b").Unit("new", 500);
        PlacementPlan plan = cluster.Settle();
        Assert.Equal(new PlacementChange(S("new"), default, N("b"), PlacementReason.New), Assert.Single(plan.Changes));
        Assert.Equal(NodeLoad.Whole / 3, plan.After.HighestShare);
        Assert.Equal(N("b"), plan.After.Busiest);
    }

    [Fact]
    public void Nodes_that_tie_are_taken_by_their_slots_and_then_by_name()
    {
        Cluster cluster = new Cluster().Node("b").Node("a").Node("c").Unit("x").Unit("y").Unit("z").Unit("zz");
        cluster.Settle();
        Assert.Equal(
            [N("a"), N("b"), N("c"), N("a")], new[] { "x", "y", "z", "zz" }.Select(unit => cluster.Where(unit)));
    }

    [Fact]
    public void A_global_unit_runs_on_every_node_that_matches_and_keeps_its_numbers()
    {
        Cluster cluster = new Cluster().Node("b").Node("d").Unit("log", unit => unit with { Kind = UnitKind.Global });
        cluster.Settle();
        Assert.Equal([N("b"), N("d")], cluster.Assigned.Values);

        cluster.Node("a").Node("c", node => node with { IsCordoned = true })
            .Node("e", node => node with { Runners = [] });
        PlacementPlan plan = cluster.Settle();
        Assert.Equal(
            new PlacementChange(S("log", 2), default, N("a"), PlacementReason.New), Assert.Single(plan.Changes));

        cluster.Nodes.Remove(N("b"));
        plan = cluster.Settle();
        Assert.Equal(
            new PlacementChange(S("log", 0), N("b"), default, PlacementReason.NodeLost), Assert.Single(plan.Changes));
        cluster.Node("f");
        cluster.Settle();
        Assert.Equal(N("f"), cluster.Where("log", 0));
        Assert.Empty(cluster.Plan().Changes);
    }

    [Fact]
    public void Slots_that_are_no_longer_wanted_stop()
    {
        Cluster cluster = new Cluster().Node("a").Unit("web", unit => unit with { Kind = UnitKind.Replicas, Count = 3 })
            .Unit("idle", unit => unit with { DesiredState = UnitState.Inactive });
        cluster.Assign("gone", "a").Assign("idle", "a");
        for (int i = 0; i < 5; i++)
            cluster.Assign(S("web", i), "a");

        PlacementPlan plan = cluster.Settle();
        Assert.Equal(
            [S("gone"), S("idle"), S("web", 3), S("web", 4)],
            plan.Changes.Select(change => change.Slot));
        Assert.All(
            plan.Changes, change => Assert.Equal((default, PlacementReason.NotWanted), (change.To, change.Reason)));
        Assert.Empty(cluster.Plan().Changes);
    }

    [Fact]
    public void A_cron_unit_has_the_runs_that_were_said_and_a_run_to_completion_can_end()
    {
        PlacementSnapshotBuilder builder = new(
            new Cluster().Node("a").Unit("job", unit => unit with { Kind = UnitKind.Cron })
                .Unit("once", unit => unit with { Kind = UnitKind.OneShot }).Snapshot());
        Planner planner = new();
        Assert.Equal(S("once"), Assert.Single(planner.Plan(builder.Build()).Changes).Slot);

        builder.SetSlots(U("job"), [17]);
        builder.SetSlots(U("once"), []);
        Assert.Equal(S("job", 17), Assert.Single(planner.Plan(builder.Build()).Changes).Slot);
    }

    [Fact]
    public void What_stays_on_a_cordoned_node_stays_and_a_draining_node_is_emptied()
    {
        Cluster cluster = new Cluster().Node("a", node => node with { IsCordoned = true }).Node("b")
            .Unit("x").Assign("x", "a").Unit("y");
        Assert.Equal(S("y"), Assert.Single(cluster.Settle().Changes).Slot);

        cluster.Node("a", node => node with { IsDraining = true });
        Assert.Equal(
            new PlacementChange(S("x"), N("a"), N("b"), PlacementReason.NodeDraining),
            Assert.Single(cluster.Settle().Changes));
    }

    [Fact]
    public void A_slot_that_no_other_node_may_run_stays_on_its_draining_node_and_is_told()
    {
        Cluster cluster = new Cluster().Node("a", node => node with { IsDraining = true }).Node("b")
            .Unit("x", limits => limits with { PinnedTo = N("a") }).Assign("x", "a");
        PlacementPlan plan = cluster.Plan();
        Assert.Empty(plan.Changes);
        UnplacedSlot stuck = Assert.Single(plan.Unplaced);
        Assert.Equal((S("x"), N("a")), (stuck.Slot, stuck.StaysOn));
        Assert.Contains("pin 1, draining 1", stuck.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Higher_priorities_are_placed_first_where_not_all_fits()
    {
        Cluster cluster = new Cluster().Node("a", 1000).Unit("a-low", 600).Unit("z-high", 600);
        cluster.Units[U("z-high")] = cluster.Units[U("z-high")] with { Priority = 5 };
        PlacementPlan plan = cluster.Settle();
        Assert.Equal(N("a"), cluster.Where("z-high"));
        Assert.Equal(
            "None of 1 nodes can run it; removed by filters: resources 1.", Assert.Single(plan.Unplaced).Verdict);
    }

    [Fact]
    public void Conflicts_hold_in_both_directions_and_not_with_itself_unless_the_own_name_matches()
    {
        Cluster cluster = new Cluster().Node("a").Node("b").Node("c")
            .Unit("db", limits => limits with { Conflicts = ["web*"] }).Assign("db", "a")
            .Unit("web1").Unit("web2");
        cluster.Settle();
        Assert.Equal([N("a"), N("b"), N("c")], cluster.Assigned.Values);

        cluster = new Cluster().Node("a").Node("b");
        foreach (string unit in new[] { "s@1", "s@2", "s@3" })
            cluster.Unit(unit, limits => limits with { Conflicts = ["s@*"] });
        PlacementPlan plan = cluster.Settle();
        Assert.Equal(2, cluster.Assigned.Values.Distinct().Count());

        // A class of characters means here what it means where unit files are checked.
        Cluster classes = new Cluster().Node("a")
            .Unit("db", limits => limits with { Conflicts = ["web[1-2]"] }).Assign("db", "a")
            .Unit("web1").Unit("web2").Unit("web3");
        Assert.Equal(["web1/0", "web2/0"], classes.Settle().Unplaced.Select(slot => slot.Slot.ToString()));
        Assert.Contains("conflicts 2", Assert.Single(plan.Unplaced).Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Peers_are_placed_together_or_the_one_that_cannot_is_told()
    {
        // The least busy node has room for one of them only.
        Cluster cluster = new Cluster().Node("a", 1000).Node("b", 2000).Unit("filler", 900).Assign("filler", "b")
            .Unit("app", 600).Unit("side", 500, limits => limits with { SameNodeAs = U("app") });
        cluster.Settle();
        Assert.Equal((N("b"), N("b")), (cluster.Where("app"), cluster.Where("side")));

        cluster.Unit("late", 500, limits => limits with { SameNodeAs = U("app") });
        PlacementPlan plan = cluster.Settle();
        Assert.Empty(plan.Changes);
        Assert.Contains("same-node 1", Assert.Single(plan.Unplaced).Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Peers_that_cannot_be_together_do_not_keep_the_first_one_away()
    {
        Cluster cluster = new Cluster().Node("a", 1000).Unit("app", 600)
            .Unit("side", 500, limits => limits with { SameNodeAs = U("app") })
            .Unit("orphan", limits => limits with { SameNodeAs = U("nothing") });
        PlacementPlan plan = cluster.Settle();
        Assert.Equal(N("a"), cluster.Where("app"));
        Assert.Equal([S("orphan"), S("side")], plan.Unplaced.Select(slot => slot.Slot));
    }

    [Fact]
    public void A_unit_takes_the_place_of_what_it_replaces_which_moves_away()
    {
        Cluster cluster = new Cluster().Node("a").Node("b").Unit("old").Assign("old", "b")
            .Unit("new", limits => limits with { Replaces = ["old*"] });
        PlacementPlan plan = cluster.Settle();
        Assert.Equal(
            [
                new(S("new"), default, N("b"), PlacementReason.New),
                new(S("old"), N("b"), N("a"), PlacementReason.Replaced),
            ],
            plan.Changes);
        Assert.Empty(cluster.Plan().Changes);

        // It took the place once: when its node dies, it does not chase the other one again.
        cluster.Nodes.Remove(N("b"));
        cluster.Node("c");
        Assert.Equal(
            new PlacementChange(S("new"), N("b"), N("c"), PlacementReason.NodeLost),
            Assert.Single(cluster.Settle().Changes));
    }

    [Fact]
    public void Spread_keeps_the_skew_or_leaves_slots_without_a_node()
    {
        Cluster cluster = new();
        cluster.Node("a", 9000, ("zone", "x")).Node("b", 9000, ("zone", "y")).Node("c", 200, ("zone", "z"));
        cluster.Node("d", 9000); // has no zone
        cluster.Unit("web", 100, limits => limits with { Spread = new SpreadRule("zone") });
        cluster.Units[U("web")] = cluster.Units[U("web")] with { Kind = UnitKind.Replicas, Count = 12 };

        // z holds two of them, so x and y hold at most three.
        PlacementPlan plan = cluster.Settle();
        Assert.Equal([3, 3, 2], cluster.Assigned.Values.CountBy(node => node).OrderBy(n => n.Key).Select(n => n.Value));
        Assert.Equal(4, plan.Unplaced.Count);
        Assert.Contains("spread-label 1, resources 1, spread 2", plan.Unplaced[0].Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Reported_load_counts_where_it_is_more_than_what_was_asked_for()
    {
        Cluster cluster = new Cluster().Node("a", 1000).Node("b", 1000).Unit("x", 100);
        cluster.Reports[N("a")] = [new(ResourceAmount.Cpu, 500)];
        cluster.Settle();
        Assert.Equal(N("b"), cluster.Where("x"));
    }

    [Fact]
    public void Units_that_ask_for_nothing_do_not_pile_up_on_one_node()
    {
        Cluster cluster = new Cluster().Node("a", 1000).Node("b", 1000).Unit("big", 200).Assign("big", "a");
        for (int i = 0; i < 200; i++)
            cluster.Unit($"small{i}");
        cluster.Settle();
        Dictionary<NodeName, int> counts = cluster.Assigned.Values.CountBy(node => node).ToDictionary();
        Assert.InRange(counts[N("a")], 70, 101);
    }

    [Fact]
    public void Lost_slots_wait_while_the_brake_holds()
    {
        Cluster cluster = new Cluster().Node("a").Unit("x").Assign("x", "dead").Unit("y");
        cluster.Options = new PlannerOptions { HoldLostNodes = true };
        PlacementPlan plan = cluster.Plan();
        Assert.Equal(S("x"), Assert.Single(plan.Held));
        Assert.Equal(S("y"), Assert.Single(plan.Changes).Slot);
    }

    [Theory]
    [InlineData(10, 3, false)]
    [InlineData(10, 4, true)]
    [InlineData(9, 3, false)]
    [InlineData(3, 2, false)]
    [InlineData(3, 3, true)]
    [InlineData(int.MaxValue, int.MaxValue, true)]
    public void The_brake_engages_when_more_than_a_third_and_three_nodes_vanish(int known, int lost, bool engages) =>
        Assert.Equal(engages, MassLossBrake.Default.Engages(known, lost));

    [Fact]
    public void Hostile_numbers_give_verdicts()
    {
        Cluster cluster = new Cluster().Node("a", long.MaxValue).Node("b", long.MinValue).Node("c", 1)
            .Unit("u1", long.MaxValue).Unit("u2", long.MaxValue).Unit("u3", -1).Unit("u4", unit => unit with
            {
                Requests = [new("cpu", long.MaxValue), new("cpu", 1)],
            })
            .Unit("u5", unit => unit with { Kind = UnitKind.Replicas, Count = int.MaxValue })
            .Unit("u6", unit => unit with { Kind = UnitKind.Shards, Count = int.MinValue })
            .Unit("u7", limits => limits with { Spread = new SpreadRule("", 0) })
            .Unit("u8", limits => limits with { RequiredLabels = [new("k", [])] });
        cluster.Reports[N("a")] = [new("cpu", long.MaxValue), new("cpu", -1), new("none", 1)];
        PlacementPlan plan = cluster.Settle();
        Assert.Equal(N("a"), cluster.Where("u1"));
        Assert.Equal(
            [S("u2"), S("u3"), S("u4"), S("u5"), S("u7"), S("u8")], plan.Unplaced.Select(slot => slot.Slot));
        Assert.Equal("No node can run it: it asks for less than nothing of cpu.", plan.Unplaced[1].Verdict);
        Assert.Equal("No node can run it: it asks for more of cpu than can be counted.", plan.Unplaced[2].Verdict);
        Assert.Contains("are the most that one unit can have", plan.Unplaced[3].Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_snapshot_has_an_empty_plan() =>
        Assert.True(new Planner().Plan(PlacementSnapshot.Empty).IsEmpty);
}
