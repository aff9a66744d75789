namespace Coord.Scheduling.Placement;

/// <summary>Decides which node runs what. A pure function of a snapshot and of options.</summary>
/// <remarks>
/// Stateless and thread-safe. No clock, no chance, no floating point: the same snapshot gives the same plan on every
/// machine, whatever the order in which the snapshot was built. Hostile units and nodes give a verdict, never an
/// exception; only plug-ins can throw, and what they throw goes through.
/// </remarks>
public sealed class Planner
{
    /// <summary>Initializes a planner.</summary>
    /// <param name="options">How plans are made; the defaults if null.</param>
    public Planner(PlannerOptions? options = null) => Options = options ?? new PlannerOptions();

    /// <summary>Gets how plans are made.</summary>
    public PlannerOptions Options { get; }

    /// <summary>Makes a plan: which slots start, move and stop.</summary>
    /// <remarks>
    /// What may stay where it is stays there: losing a node moves that node's slots alone, and a plan for what an
    /// earlier one has carried out is empty.
    /// </remarks>
    /// <param name="snapshot">What there is.</param>
    public PlacementPlan Plan(PlacementSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new PlacementPlan(snapshot, new PlanRun(snapshot, Options).Run());
    }

    /// <summary>Makes the plan that there would be if something happened. Nothing happens.</summary>
    /// <param name="snapshot">What there is.</param>
    /// <param name="hypothesis">What would happen.</param>
    /// <exception cref="ArgumentException">A copy of a unit would have too long a name.</exception>
    public PlacementPlan Simulate(PlacementSnapshot snapshot, PlacementHypothesis hypothesis)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(hypothesis);
        return Plan(hypothesis.ApplyTo(snapshot));
    }

    /// <summary>Tells of each node what its loss would mean, once the plan of the snapshot is carried out.</summary>
    /// <remarks>Takes about as long as placing all slots once, for all nodes together.</remarks>
    /// <param name="snapshot">What there is.</param>
    /// <param name="parallelism">How many threads share the work.</param>
    /// <returns>A forecast for each node, in the order of names.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of threads is not positive.</exception>
    public IReadOnlyList<NodeLossForecast> ForecastNodeLosses(PlacementSnapshot snapshot, int parallelism = 1)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(parallelism);
        NodeLossForecast[] forecasts = new NodeLossForecast[snapshot.NodeCount];
        if (parallelism == 1)
            Share(0);
        else
            Parallel.For(0, parallelism, Share);
        return forecasts;

        void Share(int first) => new PlanRun(snapshot, Options).Forecast(forecasts, first, step: parallelism);
    }

    /// <summary>
    /// Says why a slot is where a plan of the snapshot puts it. Makes that plan, and looks at every node at the moment
    /// when the slot is decided.
    /// </summary>
    /// <param name="snapshot">What there is.</param>
    /// <param name="slot">The slot.</param>
    /// <returns>The explanation; null if no such slot is wanted.</returns>
    public PlacementExplanation? Explain(PlacementSnapshot snapshot, SlotId slot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        PlanRun run = new(snapshot, Options, slot);
        run.Run();
        return run.Explanation;
    }
}
