using Coord.Simulation.Faults;

namespace Coord.Simulation;

/// <summary>
/// Makes a failing run smaller: takes faults, members, clients and operations out of it, one after the other, as long
/// as it fails in the same way.
/// </summary>
/// <remarks>
/// A run is a function of its options, so this is a search over options. It is no proof that the smaller run fails for
/// the same reason, only for the same rule.
/// </remarks>
internal sealed class Shrinker
{
    private const int MaxAttempts = 150;

    private RunResult _best;
    private int _attempts;

    private Shrinker(RunResult failed) => _best = failed;

    /// <summary>Returns the smallest run found.</summary>
    public static RunResult Shrink(RunResult failed)
    {
        Shrinker shrinker = new(failed);
        RunResult before;
        do
        {
            before = shrinker._best;
            shrinker.Reduce();
        }
        while (shrinker._best != before && shrinker._attempts < MaxAttempts);

        return shrinker._best;
    }

    private void Reduce()
    {
        ReduceNumber(_best.Injections, (options, number) => options with { Injections = number });
        foreach (FaultKind kind in Enum.GetValues<FaultKind>())
        {
            if (_best.Faults[kind] > 0)
            {
                SortedSet<FaultKind> without = [.. _best.Options.Without, kind];
                Try(_best.Options with { Without = without });
            }
        }

        for (int nodes = 1; nodes < _best.Nodes; nodes++)
        {
            if (Try(_best.Options with { Nodes = nodes }))
                break;
        }

        for (int clients = 1; clients < _best.Clients; clients++)
        {
            if (Try(_best.Options with { Clients = clients }))
                break;
        }

        ReduceNumber(
            Math.Min(_best.Options.Operations, 4096), (options, number) => options with { Operations = number });
    }

    /// <summary>Finds a small number by halving the distance to it.</summary>
    private void ReduceNumber(int current, Func<RunOptions, int, RunOptions> change)
    {
        int works = current;
        int fails = -1;
        while (works - fails > 1 && _attempts < MaxAttempts)
        {
            int middle = fails + ((works - fails) / 2);
            if (Try(change(_best.Options, middle)))
                works = middle;
            else
                fails = middle;
        }
    }

    private bool Try(RunOptions options)
    {
        if (_attempts++ >= MaxAttempts)
            return false;

        RunResult result = SimulationRun.Run(options);
        if (result.Failure?.Kind != _best.Failure!.Kind)
            return false;

        _best = result;
        return true;
    }
}
