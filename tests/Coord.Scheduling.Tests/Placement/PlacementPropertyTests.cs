using Coord.Scheduling.Placement;
using Coord.Scheduling.UnitFiles;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Coord.Scheduling.Tests.Placement;

/// <summary>What holds for every plan, over clusters from seeds (G4 minimal movement, G8 determinism).</summary>
/// <remarks>A failure prints its seed; it can be given to the property's method to run that case alone.</remarks>
public sealed class PlacementPropertyTests
{
    private static readonly IPlacementStrategy[] Strategies =
    [
        PlacementStrategies.LeastLoaded, PlacementStrategies.FewestUnits, PlacementStrategies.BinPack,
        PlacementStrategies.Spread,
    ];

    /// <summary>The same seeds each time; for a person who doubts: COORD_SEEDS says how many.</summary>
    [Fact]
    public void Constraints_are_never_violated_and_what_is_settled_stays()
    {
        int count = int.TryParse(Environment.GetEnvironmentVariable("COORD_SEEDS"), out int wanted) ? wanted : 2000;
        for (int seed = 0; seed < count; seed++)
        {
            string? wrong = FindViolation(seed);
            Assert.True(wrong is null, $"seed {seed}: {wrong}");
        }
    }

    /// <summary>Seeds that failed once: what found no other node while others were placed found one later.</summary>
    [Theory]
    [InlineData(1757359279)]
    public void Constraints_are_kept_in_what_failed_once(int seed) => Assert.Null(FindViolation(seed));

    // DoNotSize: FsCheck would otherwise keep the seeds between -100 and 100 and try few of them.
    [Property(MaxTest = 500)]
    public Property The_order_in_which_things_are_said_changes_nothing(DoNotSize<int> seed)
    {
        Cluster cluster = RandomCluster.Make(seed.Item);
        cluster.Settle();
        Disturb(cluster, new Random(seed.Item), 0);
        PlacementPlan first = cluster.Plan(1);
        PlacementPlan second = cluster.Plan(2);
        return (first.Changes.SequenceEqual(second.Changes) && first.Unplaced.SequenceEqual(second.Unplaced)
            && first.ComputeFingerprint() == second.ComputeFingerprint()).Label($"seed {seed.Item}");
    }

    [Property(MaxTest = 500)]
    public Property The_loss_of_a_node_moves_exactly_its_slots(DoNotSize<int> seed)
    {
        // Until a spread slot that had no node finds one by the loss of a domain: such clusters are left out.
        Cluster cluster = RandomCluster.Make(seed.Item);
        bool isComplete = cluster.Settle().Unplaced.Count == 0 && cluster.Plan().IsEmpty;
        NodeName lost = cluster.Nodes.Keys.Max();
        cluster.Nodes.Remove(lost);
        IEnumerable<SlotId> there = cluster.Assigned.Where(pair => pair.Value == lost).Select(pair => pair.Key);
        PlacementPlan plan = cluster.Plan();

        // A slot that finds no other place may take one again, if it is of a unit that replaces others.
        isComplete &= !plan.Changes.Any(change => change.Reason == PlacementReason.Replaced);
        return (!isComplete || plan.Changes.Select(change => change.Slot).SequenceEqual(there))
            .Label($"seed {seed.Item}: {string.Join(", ", plan.Changes)}").Classify(isComplete, "complete");
    }

    [Property(MaxTest = 500)]
    public Property The_highest_share_is_at_most_the_average_and_the_largest_unit_on_the_smallest_node(
        DoNotSize<int> seed)
    {
        Cluster cluster = RandomCluster.MakePlain(seed.Item);
        PlacementPlan plan = cluster.Settle();
        long smallest = cluster.Nodes.Values.Min(node => node.Capacity[0].Amount);
        Int128 capacity = cluster.Nodes.Values.Sum(node => node.Capacity[0].Amount);
        Int128 used = cluster.Units.Values.Sum(unit => unit.Requests[0].Amount);
        Int128 largest = cluster.Units.Values.Max(unit => unit.Requests[0].Amount);

        // share <= used / capacity + largest / smallest, in whole numbers; rounding shares adds less than one each.
        Int128 bound = (NodeLoad.Whole * used / capacity) + (NodeLoad.Whole * largest / smallest) + 2;
        return (plan.Unplaced.Count == 0 && plan.After.HighestShare <= bound)
            .Label($"seed {seed.Item}: {plan.After.HighestShare} and at most {bound}");
    }

    [Property(MaxTest = 300)]
    public Property Rebalancing_stays_in_its_budget_never_raises_the_highest_share_and_ends(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        Cluster cluster = RandomCluster.Make(seed.Item);
        cluster.Settle();
        RandomCluster.AddNode(cluster, random, "new1");
        RandomCluster.AddNode(cluster, random, "new2");
        cluster.Settle();
        int budget = random.Next(1, 4);
        cluster.Options = new PlannerOptions { RebalanceBudget = budget };
        string? wrong = null;
        int rounds = 0;
        for (; wrong is null && rounds < 1000; rounds++)
        {
            PlanChecker checker = new(cluster);
            long unforced = new Planner().Plan(cluster.Snapshot()).After.HighestShare;
            PlacementPlan plan = cluster.Settle();
            int moves = plan.Changes.Count(change => change.Reason == PlacementReason.Rebalanced);
            wrong = moves > budget ? $"{moves} moves of {budget}"
                : plan.After.HighestShare > unforced ? "the highest share rises"
                : checker.FindViolation(plan);
            if (plan.IsEmpty)
                break;
        }

        return (wrong is null && rounds < 1000).Label($"seed {seed.Item}: {wrong} in round {rounds}")
            .Classify(rounds > 0, "moved");
    }

    [Property(MaxTest = 300)]
    public Property A_forecast_is_what_a_plan_without_the_node_does(DoNotSize<int> seed)
    {
        Cluster cluster = RandomCluster.Make(seed.Item, withReplaces: false);
        bool isComplete = cluster.Settle().Unplaced.Count == 0;
        Planner planner = new();
        PlacementSnapshot snapshot = cluster.Snapshot();
        IReadOnlyList<NodeLossForecast> forecasts = planner.ForecastNodeLosses(snapshot);
        string? wrong = null;
        foreach (NodeLossForecast forecast in forecasts)
        {
            PlacementPlan plan = planner.Simulate(snapshot, new PlacementHypothesis { LostNodes = [forecast.Node] });
            List<PlacementChange> moves =
            [
                .. plan.Changes.Where(change => change.From == forecast.Node)
                    .Where(change => cluster.Units[change.Slot.Unit].Kind != UnitKind.Global),
            ];
            NodeLossForecast expected = new(
                forecast.Node, moves.Count(move => !move.To.IsNone), moves.Count(move => move.To.IsNone),
                plan.After.HighestShare, plan.After.Busiest);

            // Slots that had no node may find one by the loss, and add to a share.
            if (isComplete ? forecast != expected
                : (forecast.Moved, forecast.Unplaced) != (expected.Moved, expected.Unplaced))
                wrong = $"{forecast} but {expected}";
        }

        bool isSame = planner.ForecastNodeLosses(snapshot, 3).SequenceEqual(forecasts);
        return (wrong is null && isSame).Label($"seed {seed.Item}: {wrong}").Classify(isComplete, "complete");
    }

    [Property(MaxTest = 500)]
    public Property Explanations_tell_the_least_cost_and_what_each_filter_removed(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        Cluster cluster = RandomCluster.Make(seed.Item);
        cluster.Options = new PlannerOptions
        {
            Strategy = Strategies[random.Next(4)],
            MaxDecisions = int.MaxValue,
            Filters = random.Next(2) == 0 ? [] : [new OddFilter()],
            Scores = random.Next(2) == 0 ? [] : [new OddScore()],
        };
        PlacementSnapshot snapshot = cluster.Snapshot();
        Planner planner = new(cluster.Options);
        PlacementPlan plan = planner.Plan(snapshot);
        string? wrong = null;
        foreach (PlacementDecision decision in plan.Decisions.Where(decision => !decision.To.IsNone))
        {
            ScoredNode winner = decision.Best
                .OrderBy(node => node.Total).ThenBy(node => node.Slots).ThenBy(node => node.Node).First();
            int counted = decision.Removed.Sum(filter => filter.Count);
            if (winner.Node != decision.To)
                wrong = $"{decision} has a better node: {winner}";
            if (counted + decision.Best.Count != decision.Nodes && decision.Best.Count < 5)
                wrong = $"{decision} does not tell of all nodes";
        }

        foreach (PlacementChange change in plan.Changes)
            wrong ??= CheckExplanation(cluster, planner.Explain(snapshot, change.Slot)!, change);
        return (wrong is null).Label($"seed {seed.Item}: {wrong}");
    }

    [Property(MaxTest = 200)]
    public Property Replaying_the_decisions_leads_to_the_same_state(DoNotSize<int> seed)
    {
        // What happened is told to two planners; the second one hears of the first one's snapshots alone.
        Random random = new(seed.Item);
        Cluster cluster = RandomCluster.Make(seed.Item);
        PlannerOptions options = new() { MaxDecisions = int.MaxValue };
        List<(PlacementSnapshot Snapshot, PlacementPlan Plan)> log = [];
        for (int step = 0; step < 4; step++)
        {
            cluster.Options = options;
            PlacementSnapshot snapshot = cluster.Snapshot();
            log.Add((snapshot, cluster.Settle()));
            Disturb(cluster, random, step);
        }

        bool isSame = log.TrueForAll(entry =>
        {
            PlacementPlan again = new Planner(options).Plan(entry.Snapshot.ToBuilder().Build());
            return again.ComputeFingerprint() == entry.Plan.ComputeFingerprint()
                && again.Decisions.Select(Text).SequenceEqual(entry.Plan.Decisions.Select(Text));
        });
        return isSame.Label($"seed {seed.Item}");
    }

    [Property(MaxTest = 300)]
    public Property A_snapshot_made_of_changes_is_the_one_made_at_once(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        Cluster cluster = RandomCluster.Make(seed.Item);
        PlacementSnapshotBuilder builder = cluster.Snapshot().ToBuilder();
        Planner planner = new(cluster.Options);
        bool isSame = true;
        for (int step = 0; step < 4; step++)
        {
            builder.Apply(planner.Plan(builder.Build()));
            cluster.Settle();
            NodeName[] nodes = [.. cluster.Nodes.Keys];
            UnitName[] units = [.. cluster.Units.Keys];
            Disturb(cluster, random, step);
            foreach (NodeName node in nodes.Except(cluster.Nodes.Keys))
                builder.RemoveNode(node);
            foreach (UnitName unit in units.Except(cluster.Units.Keys))
                builder.RemoveUnit(unit);
            foreach (NodeSpec node in cluster.Nodes.Values)
                builder.SetNode(node);
            foreach (UnitSpec unit in cluster.Units.Values)
                builder.SetUnit(unit);
            isSame &= planner.Plan(builder.Build()).ComputeFingerprint() == cluster.Plan().ComputeFingerprint();
        }

        return isSame.Label($"seed {seed.Item}");
    }

    [Property(MaxTest = 1000)]
    public Property Patterns_match_as_their_definition_says(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        string pattern = new([.. Enumerable.Range(0, random.Next(7)).Select(_ => "ab*?"[random.Next(4)])]);
        string text = new([.. Enumerable.Range(0, random.Next(8)).Select(_ => "ab"[random.Next(2)])]);
        PatternIndex index = new();
        index.Add(pattern);
        List<int> found = [];
        index.Match(text, found);
        bool expected = PlanChecker.Matches(pattern, text);
        return (UnitGlob.IsMatch(pattern, text) == expected && found.Count == (expected ? 1 : 0))
            .Label($"'{pattern}' and '{text}'");
    }

    /// <summary>A filter of a third party: some units do not like some nodes.</summary>
    private sealed class OddFilter : IPlacementFilter
    {
        public string Name => "odd";

        public bool Allows(in PlacementCandidate candidate) =>
            (candidate.Unit.Name.Value[^1] + candidate.Load.Node.Name.Value[^1]) % 5 != 0;
    }

    /// <summary>A score of a third party that often outweighs the strategy.</summary>
    private sealed class OddScore : IPlacementScore
    {
        public string Name => "odd score";

        public long Cost(in PlacementCandidate candidate) =>
            (candidate.Slot.Number + candidate.Load.Node.Name.Value[^1] + candidate.SlotsOfUnit) % 4
            * NodeLoad.Whole / 3;
    }

    private static string? CheckExplanation(Cluster cluster, PlacementExplanation explanation, PlacementChange change)
    {
        if (explanation is null || explanation.Decision.To != change.To)
            return explanation is null && change.To.IsNone ? null : $"{explanation} is not {change}";
        foreach (NodeSpec node in cluster.Nodes.Values)
        {
            string why = explanation.WhyNot(node.Name);
            string? expected = PlanChecker.FindStatic(cluster.Units[change.Slot.Unit], node);
            bool isTold = why.Contains("'pin'", StringComparison.Ordinal)
                || why.Contains("'labels'", StringComparison.Ordinal)
                || why.Contains("'taints'", StringComparison.Ordinal)
                || why.Contains("'spread-label'", StringComparison.Ordinal);
            bool isGlobal = why.Contains("'global'", StringComparison.Ordinal);
            if (isTold != (expected is not null) && !isGlobal && explanation.Decision.With.Count == 0)
                return $"{node.Name} is told to be '{why}', and is '{expected}'";
        }

        return null;
    }

    private static string Text(PlacementDecision decision) =>
        $"{decision} {decision.Revision} {string.Join('|', decision.Removed)} {string.Join('|', decision.Best)}";

    /// <summary>
    /// Plans for clusters that change, and checks each plan. Units that replace others are in every second one: beside
    /// all other constraints they can go around in circles, about once in a thousand clusters (seed 864 is one), so
    /// there it is not asked that a second plan is empty. Nor is it that it lets all others leave a draining node that
    /// can: as rarely one finds its place only in the second plan (seed 1859).
    /// </summary>
    private static string? FindViolation(int seed)
    {
        Random random = new(seed);
        bool withReplaces = seed % 2 == 0;
        Cluster cluster = RandomCluster.Make(seed, withReplaces);
        cluster.Options = new PlannerOptions { Strategy = Strategies[random.Next(4)] };
        string? wrong = null;
        for (int step = 0; step < 4 && wrong is null; step++)
        {
            PlanChecker checker = new(cluster);
            PlacementPlan plan = cluster.Settle();
            wrong = checker.FindViolation(plan);
            string[] second = [.. cluster.Plan().Changes
                .Where(change => change.Reason is not PlacementReason.NodeDraining)
                .Select(change => change.ToString())];
            if (wrong is null && !withReplaces && second.Length > 0)
                wrong = $"a second plan has {string.Join(", ", second)}";
            Disturb(cluster, random, step);
        }

        return wrong;
    }

    private static void Disturb(Cluster cluster, Random random, int step)
    {
        if (cluster.Nodes.Count > 1 && random.Next(2) == 0)
            cluster.Nodes.Remove(cluster.Nodes.Keys.Order().ElementAt(random.Next(cluster.Nodes.Count)));
        if (random.Next(2) == 0)
            RandomCluster.AddNode(cluster, random, $"n{random.Next(9)}");
        if (random.Next(2) == 0)
            cluster.Units.Remove(cluster.Units.Keys.Order().ElementAt(random.Next(cluster.Units.Count)));
        cluster.Unit($"a1{step}", random.Next(500), limits => limits with { Conflicts = ["b*"], Replaces = ["c*"] });
        foreach ((UnitName name, UnitSpec unit) in cluster.Units.ToArray())
        {
            if (unit.Kind == UnitKind.Replicas && random.Next(3) == 0)
                cluster.Units[name] = unit with { Count = random.Next(8) };
        }
    }
}
