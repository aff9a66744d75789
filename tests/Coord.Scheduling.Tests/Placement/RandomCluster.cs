using static Coord.Scheduling.Tests.Placement.Cluster;

namespace Coord.Scheduling.Tests.Placement;

/// <summary>Clusters from a seed, small enough that everything in them gets in each other's way.</summary>
internal static class RandomCluster
{
    private static readonly string[] Zones = ["x", "y", "z"];

    /// <summary>Makes a cluster with every kind of constraint.</summary>
    public static Cluster Make(int seed, bool withReplaces = true)
    {
        Random random = new(seed);
        Cluster cluster = new();
        int nodes = random.Next(1, 9);
        for (int i = 0; i < nodes; i++)
            AddNode(cluster, random, $"n{i}");
        int units = random.Next(1, 25);
        for (int i = 0; i < units; i++)
            AddUnit(cluster, random, $"{"abc"[random.Next(3)]}{i}", units, withReplaces);
        return cluster;
    }

    /// <summary>Makes a cluster with one resource and no constraints, in which all units fit by far.</summary>
    public static Cluster MakePlain(int seed)
    {
        Random random = new(seed);
        Cluster cluster = new();
        int nodes = random.Next(1, 12);
        for (int i = 0; i < nodes; i++)
            cluster.Node($"n{i}", random.Next(20_000, 200_000));
        int units = random.Next(1, 60);
        for (int i = 0; i < units; i++)
            cluster.Unit($"u{i}", random.Next(1, 20_000 / units));
        return cluster;
    }

    public static void AddNode(Cluster cluster, Random random, string name) => cluster.Node(name, node => node with
    {
        Capacity = random.Next(8) == 0
            ? [new("cpu", random.Next(2000))]
            : [new("memory", random.NextInt64(1L << 34)), new("cpu", random.Next(1, 2000))],
        Labels = random.Next(6) == 0
            ? new Dictionary<string, string>()
            : new Dictionary<string, string>
            {
                ["zone"] = Zones[random.Next(3)],
                ["disk"] = random.Next(2) == 0 ? "ssd" : "hdd",
            },
        Taints = random.Next(6) == 0 ? ["gpu"] : [],
        IsCordoned = random.Next(10) == 0,
        IsDraining = random.Next(12) == 0,
    });

    private static void AddUnit(Cluster cluster, Random random, string name, int units, bool withReplaces)
    {
        UnitConstraints constraints = new()
        {
            RequiredLabels = random.Next(4) == 0 ? [new("disk", ["ssd"])]
                : random.Next(4) == 0 ? [new("zone", ["x", "z"]), new("disk", ["hdd", "ssd"])] : [],
            PinnedTo = random.Next(12) == 0 ? N($"n{random.Next(9)}") : default,
            Conflicts = random.Next(4) == 0 ? [new[] { "a*", "b?", "*1*", "c10", "*" }[random.Next(5)]] : [],
            Replaces = withReplaces && random.Next(12) == 0 ? [new[] { "a1*", "b?" }[random.Next(2)]] : [],
            SameNodeAs = random.Next(6) == 0 ? U($"{"abc"[random.Next(3)]}{random.Next(units)}") : default,
            Tolerations = random.Next(3) == 0 ? ["gpu"] : [],
            Spread = random.Next(3) == 0
                ? new SpreadRule(random.Next(2) == 0 ? "zone" : "", random.Next(1, 3)) : null,
        };
        UnitKind kind = (UnitKind)random.Next(6);
        cluster.Unit(name, unit => unit with
        {
            Kind = kind,
            Count = kind is UnitKind.Replicas or UnitKind.Shards ? random.Next(8) : 1,
            Priority = random.Next(4) == 0 ? random.Next(-1, 3) : 0,
            DesiredState = random.Next(15) == 0 ? UnitState.Inactive : UnitState.Launched,
            Requests = random.Next(3) switch
            {
                0 => [],
                1 => [new("cpu", random.Next(300))],
                _ => [new("memory", random.NextInt64(1L << 31)), new("cpu", random.Next(300))],
            },
            Constraints = constraints,
        });
    }
}
