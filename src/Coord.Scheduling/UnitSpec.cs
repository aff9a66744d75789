namespace Coord.Scheduling;

/// <summary>What somebody wants to run, and how. Immutable; kept in the store under <c>spec/</c>.</summary>
public sealed record UnitSpec
{
    /// <summary>Gets the name.</summary>
    public required UnitName Name { get; init; }

    /// <summary>Gets how many runners there shall be.</summary>
    public UnitKind Kind { get; init; }

    /// <summary>Gets the number of replicas or shards; one for all other kinds.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Gets what the unit shall be.</summary>
    /// <value><see cref="UnitState.Launched"/> by default.</value>
    public UnitState DesiredState { get; init; } = UnitState.Launched;

    /// <summary>Gets the version: a change of it is rolled out slot by slot.</summary>
    /// <value>Empty by default.</value>
    public string Version { get; init; } = "";

    /// <summary>Gets the name of the runner, such as those in <see cref="RunnerNames"/>.</summary>
    public string Runner { get; init; } = RunnerNames.InProcess;

    /// <summary>Gets what the runner is told: the lines of a unit file, in their order.</summary>
    public IReadOnlyList<UnitOption> Options { get; init; } = [];

    /// <summary>Gets where it may run.</summary>
    public UnitConstraints Constraints { get; init; } = UnitConstraints.None;

    /// <summary>Gets what it has to do with other units of its node.</summary>
    public UnitDependencies Dependencies { get; init; } = UnitDependencies.None;

    /// <summary>Gets what one slot needs, each resource once.</summary>
    public IReadOnlyList<ResourceAmount> Requests { get; init; } = [];

    /// <summary>Gets the priority: where not all fits, higher ones are placed first.</summary>
    public int Priority { get; init; }

    /// <summary>Gets after which ends a slot is started again on its node.</summary>
    /// <value><see cref="RestartPolicy.Always"/> by default, with a back-off of up to a minute.</value>
    public RestartPolicy Restart { get; init; } = RestartPolicy.Always;

    /// <summary>Gets the pause before the first restart; it doubles with each failure in a row.</summary>
    /// <value>100 milliseconds by default.</value>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Gets how long a runner may take to stop when asked, before it is killed.</summary>
    /// <value>10 seconds by default.</value>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets when it fires; null for all kinds but <see cref="UnitKind.Cron"/>.</summary>
    public CronSchedule? Schedule { get; init; }

    /// <summary>Gets how often a run to completion is tried. For cron and one-shot units.</summary>
    /// <value>3 by default.</value>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Gets how long one attempt of a run to completion may take; null for ever.</summary>
    public TimeSpan? RunDeadline { get; init; }

    /// <summary>Gets how a new version is rolled out.</summary>
    public RolloutPolicy Rollout { get; init; } = new();
}
