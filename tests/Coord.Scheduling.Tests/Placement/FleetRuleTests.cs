using Coord.Scheduling.Placement;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Coord.Scheduling.Tests.Placement;

/// <summary>
/// fleet's rule, literally: units in the order of their names, each to the machine that has the fewest units of those
/// that can run it, the lowest id of several. With <see cref="PlacementStrategies.FewestUnits"/> plans are the same.
/// </summary>
public sealed class FleetRuleTests
{
    [Property(MaxTest = 1000)]
    public Property Fewest_units_is_fleets_rule(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        Cluster cluster = Make(random);
        cluster.Options = new PlannerOptions { Strategy = PlacementStrategies.FewestUnits };
        SortedDictionary<string, string> expected = [];
        foreach ((SlotId slot, NodeName node) in cluster.Assigned)
            expected.Add(slot.Unit.Value, node.Value);
        Schedule(cluster, expected);

        cluster.Settle();
        string actual = string.Join(", ", cluster.Assigned.Select(pair => $"{pair.Key.Unit} {pair.Value}"));
        string wanted = string.Join(", ", expected.Select(pair => $"{pair.Key} {pair.Value}"));
        return (actual == wanted).Label($"seed {seed.Item}: {actual}; but fleet: {wanted}");
    }

    private static Cluster Make(Random random)
    {
        Cluster cluster = new();
        int nodes = random.Next(1, 7);
        for (int i = 0; i < nodes; i++)
        {
            cluster.Node($"m{i}", node => node with
            {
                Labels = new Dictionary<string, string> { ["region"] = random.Next(2) == 0 ? "us" : "eu" },
            });
        }

        int units = random.Next(1, 40);
        for (int i = 0; i < units; i++)
        {
            string name = $"u{i:D2}@{random.Next(3)}.service";
            cluster.Unit(name, limits => limits with
            {
                RequiredLabels = random.Next(4) == 0 ? [new("region", ["us"])] : [],
                Conflicts = random.Next(4) == 0 ? [$"*@{random.Next(3)}.service"] : [],
                PinnedTo = random.Next(10) == 0 ? new NodeName($"m{random.Next(7)}") : default,
            });
        }

        // Some are there already, one by one as fleet would have it.
        foreach (UnitName unit in cluster.Units.Keys.Where(_ => random.Next(3) == 0).ToArray())
        {
            NodeName node = new($"m{random.Next(nodes)}");
            SortedDictionary<string, string> running = [];
            foreach ((SlotId slot, NodeName on) in cluster.Assigned)
                running.Add(slot.Unit.Value, on.Value);
            if (IsAble(cluster, running, cluster.Units[unit], cluster.Nodes[node]))
                cluster.Assigned.Add(new SlotId(unit, 0), node);
        }

        return cluster;
    }

    private static void Schedule(Cluster cluster, SortedDictionary<string, string> running)
    {
        foreach (UnitSpec unit in cluster.Units.Values.OrderBy(unit => unit.Name))
        {
            if (running.ContainsKey(unit.Name.Value))
                continue;
            NodeSpec? machine = cluster.Nodes.Values
                .OrderBy(node => running.Values.Count(id => id == node.Name.Value)).ThenBy(node => node.Name)
                .FirstOrDefault(node => IsAble(cluster, running, unit, node));
            if (machine is not null)
                running.Add(unit.Name.Value, machine.Name.Value);
        }
    }

    private static bool IsAble(
        Cluster cluster, SortedDictionary<string, string> running, UnitSpec unit, NodeSpec node) =>
        PlanChecker.FindStatic(unit, node) is null && running.All(other => other.Value != node.Name.Value
            || (!Conflicts(unit, other.Key) && !Conflicts(cluster.Units[new UnitName(other.Key)], unit.Name.Value)));

    private static bool Conflicts(UnitSpec unit, string other) =>
        unit.Constraints.Conflicts.Any(pattern => PlanChecker.Matches(pattern, other));
}
