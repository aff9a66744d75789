using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Coord.Scheduling;
using Coord.Scheduling.Placement;

namespace Coord.Benchmarks;

/// <summary>
/// What a slot costs to place, where a million go onto ten thousand nodes; and what a loss would mean.
/// </summary>
[Config(typeof(Config))]
public class PlacementBenchmarks
{
    private readonly Planner _planner = new();
    private PlacementSnapshot _plain = PlacementSnapshot.Empty;
    private PlacementSnapshot _constrained = PlacementSnapshot.Empty;
    private PlacementSnapshot _settled = PlacementSnapshot.Empty;
    private PlacementSnapshot _oneLost = PlacementSnapshot.Empty;

    /// <summary>Makes the snapshots, each with its integers, which plans of one snapshot share.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        _plain = PlacementScenario.Plain();
        _constrained = PlacementScenario.Constrained();
        PlacementSnapshotBuilder builder = _plain.ToBuilder();
        builder.Apply(_planner.Plan(_plain));
        _settled = builder.Build();
        builder.RemoveNode(new NodeName("node-00042"));
        _oneLost = builder.Build();
    }

    /// <summary>Places a million units without constraints.</summary>
    [Benchmark(OperationsPerInvoke = PlacementScenario.Slots)]
    public int Unconstrained() => Expect(_planner.Plan(_plain), PlacementScenario.Slots);

    /// <summary>Places replicas of ten, with three constraints each and spread over ten zones.</summary>
    [Benchmark(OperationsPerInvoke = PlacementScenario.Slots)]
    public int Constrained() => Expect(_planner.Plan(_constrained), PlacementScenario.Slots);

    /// <summary>Finds that nothing is to be done for a million slots that are where they belong.</summary>
    [Benchmark]
    public int Settled() => Expect(_planner.Plan(_settled), 0);

    /// <summary>Does the same after the loss of a node, whose slots move.</summary>
    [Benchmark]
    public int OneNodeLost() => _planner.Plan(_oneLost).Changes.Count;

    /// <summary>Forecasts the loss of each of ten thousand nodes, on one thread.</summary>
    [Benchmark]
    public int Forecast() => _planner.ForecastNodeLosses(_settled).Count;

    /// <summary>Does the same on two threads.</summary>
    [Benchmark]
    public int ForecastOnTwo() => _planner.ForecastNodeLosses(_settled, 2).Count;

    private static int Expect(PlacementPlan plan, int changes) =>
        plan.Changes.Count == changes && plan.Unplaced.Count == 0
            ? changes
            : throw new InvalidOperationException($"{plan.Changes.Count} changes, {plan.Unplaced.Count} not placed.");

    private sealed class Config : ManualConfig
    {
        public Config()
        {
            AddJob(new Job()
                .WithStrategy(RunStrategy.Monitoring)
                .WithToolchain(new InProcessEmitToolchain(TimeSpan.FromHours(1), logOutput: true))
                .WithWarmupCount(1)
                .WithIterationCount(3));
        }
    }
}
