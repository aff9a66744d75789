using System.Globalization;
using Coord.Scheduling.Placement;

namespace Coord.Benchmarks;

/// <summary>How evenly rules fill nodes: the highest share over the mean of all. Not a benchmark of speed.</summary>
/// <remarks>
/// The rules other than the planner's own see processor time alone, and the share that a node has before the unit
/// comes:
/// as samplers do it. All draw from one seed.
/// </remarks>
internal static class Imbalance
{
    private const int Seed = 1;

    public static void Print(TextWriter output)
    {
        PlacementSnapshot snapshot = PlacementScenario.Plain();
        int logN = (int)Math.Ceiling(Math.Log2(PlacementScenario.Nodes));
        output.WriteLine($"{PlacementScenario.Slots} units on {PlacementScenario.Nodes} nodes");
        Print(output, "least-loaded", new Planner().Plan(snapshot).After);
        Planner fewest = new(new PlannerOptions { Strategy = PlacementStrategies.FewestUnits });
        Print(output, "fewest-units", fewest.Plan(snapshot).After);
        Print(output, "random", Sample(1));
        Print(output, "power of two", Sample(2));
        Print(output, $"best of log n ({logN})", Sample(logN));
    }

    private static void Print(TextWriter output, string rule, ClusterLoad load) =>
        Print(output, rule, (load.HighestShare / (double)load.MeanShare, load.HighestShare / (double)NodeLoad.Whole));

    private static void Print(TextWriter output, string rule, (double OverMean, double Highest) result) =>
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{rule,-20} highest over mean {result.OverMean:F3}, highest share {result.Highest:F3}"));

    private static (double OverMean, double Highest) Sample(int choices)
    {
        Random random = new(Seed);
        double[] share = new double[PlacementScenario.Nodes];
        for (int unit = 0; unit < PlacementScenario.Slots; unit++)
        {
            int best = random.Next(share.Length);
            for (int i = 1; i < choices; i++)
            {
                int other = random.Next(share.Length);
                if (share[other] < share[best])
                    best = other;
            }

            share[best] += PlacementScenario.RequestOf(unit) / (double)PlacementScenario.CpuOf(best);
        }

        return (share.Max() / share.Average(), share.Max());
    }
}
