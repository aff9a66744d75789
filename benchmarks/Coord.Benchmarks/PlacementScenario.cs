using Coord.Scheduling;
using Coord.Scheduling.Placement;

namespace Coord.Benchmarks;

/// <summary>Ten thousand nodes of four sizes in ten zones, and a million slots that load them to six tenths.</summary>
internal static class PlacementScenario
{
    public const int Nodes = 10_000;
    public const int Slots = 1_000_000;
    private const int Replicas = 10;
    private const int NoisyUnits = 500;
    private static readonly int[] Cores = [16, 32, 64, 96];

    /// <summary>Makes the million slots without constraints: each a unit of its own, of 48 shapes.</summary>
    public static PlacementSnapshot Plain(int nodes = Nodes, int slots = Slots)
    {
        PlacementSnapshotBuilder builder = new();
        for (int i = 0; i < nodes; i++)
            builder.SetNode(NodeOf(i));
        for (int i = 0; i < slots; i++)
            builder.SetUnit(UnitOf($"unit-{i}", i));
        return builder.Build();
    }

    /// <summary>
    /// Makes them as replicas of ten, each with three constraints (a label, a taint, what it conflicts with) and a
    /// spread over zones.
    /// </summary>
    public static PlacementSnapshot Constrained()
    {
        PlacementSnapshotBuilder builder = new();
        for (int i = 0; i < Nodes; i++)
            builder.SetNode(NodeOf(i));
        UnitConstraints constraints = new()
        {
            RequiredLabels = [new("disk", ["ssd"])],
            Tolerations = ["dedicated"],
            Conflicts = ["noisy-*"],
            Spread = new SpreadRule("zone"),
        };
        for (int i = 0; i < (Slots - NoisyUnits) / Replicas; i++)
        {
            builder.SetUnit(UnitOf($"web-{i}", i) with
            {
                Kind = UnitKind.Replicas,
                Count = Replicas,
                Constraints = constraints,
            });
        }

        for (int i = 0; i < NoisyUnits; i++)
            builder.SetUnit(UnitOf($"noisy-{i}", i) with { Priority = 1 });
        return builder.Build();
    }

    /// <summary>Gets how much processor time a node has, in thousandths of a core.</summary>
    public static long CpuOf(int node) => Cores[node % Cores.Length] * 1000L;

    /// <summary>Gets how much processor time a unit asks for: 312 on average.</summary>
    public static long RequestOf(int unit) => 78 + (26L * (unit * 7 % 19));

    private static NodeSpec NodeOf(int i) => new()
    {
        Name = new NodeName($"node-{i:D5}"),
        Capacity = [new(ResourceAmount.Cpu, CpuOf(i)), new(ResourceAmount.Memory, CpuOf(i) << 22)],
        Labels = new Dictionary<string, string>
        {
            ["zone"] = $"zone-{i % 10}",
            ["disk"] = i % 19 == 7 ? "hdd" : "ssd",
        },
        Taints = i % 10 == 3 ? ["dedicated"] : [],
        Runners = [RunnerNames.Process],
    };

    private static UnitSpec UnitOf(string name, int i) => new()
    {
        Name = new UnitName(name),
        Runner = RunnerNames.Process,
        Requests =
        [
            new(ResourceAmount.Cpu, RequestOf(i)),
            new(ResourceAmount.Memory, RequestOf(i * 5) << 22),
        ],
        Constraints = UnitConstraints.None with { Tolerations = Dedicated },
    };

    private static readonly string[] Dedicated = ["dedicated"];
}
