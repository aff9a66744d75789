using FsCheck;
using FsCheck.Xunit;

namespace Coord.Raft.Tests.Core;

/// <summary>
/// Raft, Figure 3: election safety, log matching, leader completeness, state machine safety; and service.
/// </summary>
/// <remarks>
/// Each case runs a whole cluster from one seed. A failure prints its seed; add it to <see cref="Replay"/>, where it
/// stays as a regression test.
/// </remarks>
public sealed class SimulatedClusterProperties
{
    // DoNotSize: FsCheck would otherwise keep the seeds between -100 and 100 and try few of them.
    [Property(MaxTest = 150)]
    public void A_cluster_is_safe_under_faults_and_serves_when_they_have_healed(DoNotSize<int> seed) =>
        Run(seed.Item, steps: 5000);

    [Theory]
    [InlineData(1)]
    [InlineData(928)]
    [InlineData(7657)]
    public void Replay(int seed) => Run(seed, steps: 5000);

    /// <summary>
    /// A longer search, for nights: COORD_SEEDS says how many seeds, COORD_FIRST_SEED where to begin.
    /// </summary>
    [Fact]
    public void As_many_seeds_are_safe_as_the_environment_asks_for()
    {
        int first = Number("COORD_FIRST_SEED");
        for (int seed = first; seed < first + Number("COORD_SEEDS"); seed++)
            Run(seed, steps: 5000);

        static int Number(string name) =>
            int.TryParse(Environment.GetEnvironmentVariable(name), out int number) ? number : 0;
    }

    [Fact]
    public void A_seed_replays_a_run_exactly()
    {
        Assert.Equal(Trace(), Trace());

        static string Trace()
        {
            SimulatedCluster cluster = new(7, 5);
            for (int i = 0; i < 3000; i++)
                cluster.Step();
            return string.Join('\n', cluster.Nodes.Select(node => $"{node.Core.HardState} {node.Core.LastEntry}"));
        }
    }

    [Fact]
    public void Runs_reach_what_they_are_for()
    {
        int elections = 0;
        int reads = 0;
        int snapshots = 0;
        long committed = 0;
        for (int seed = 1000; seed < 1020; seed++)
        {
            SimulationChecks checks = Run(seed, steps: 5000);
            elections += checks.Elections;
            reads += checks.ReadsConfirmed;
            snapshots += checks.Snapshots;
            committed += checks.Committed.Value;
        }

        Assert.True(elections > 100, $"{elections} elections");
        Assert.True(reads > 40, $"{reads} reads");
        Assert.True(snapshots > 3, $"{snapshots} snapshots");
        Assert.True(committed > 1000, $"{committed} committed");
    }

    /// <summary>See <see cref="LogDoubt"/>: a minority loses the ends of its logs, acknowledged as they were.</summary>
    [Fact]
    public void Runs_lose_the_ends_of_logs_and_nothing_that_was_committed()
    {
        int lost = 0;
        for (int seed = 3000; seed < 3120; seed++)
            lost += Run(seed, steps: 5000).LostEnds;
        Assert.True(lost > 50, $"{lost} ends lost");
    }

    private static SimulationChecks Run(int seed, int steps)
    {
        int nodes = 1 + (int)((uint)seed % 6);
        SimulatedCluster cluster = new(seed, nodes);
        int step = 0;
        try
        {
            for (; step < steps; step++)
                cluster.Step();
            cluster.HealAndConverge();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}, {nodes} nodes, step {step}: {e.Message}", e);
        }

        return cluster.Checks;
    }
}
