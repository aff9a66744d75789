using Coord.Kv.Coordination;
using Coord.Scheduling.Placement;

namespace Coord.Scheduling.Reconciler;

/// <summary>How a node plans while it leads. Immutable; the defaults run.</summary>
public sealed record ReconcilerOptions
{
    /// <summary>Gets the node that is to plan.</summary>
    public required NodeName Node { get; init; }

    /// <summary>Gets the prefix of the scheduler's keys.</summary>
    /// <value><see cref="SchedulerKeys.DefaultPrefix"/> by default; it ends in a slash.</value>
    public string Prefix { get; init; } = SchedulerKeys.DefaultPrefix;

    /// <summary>Gets how long the planner may be out of touch before another node plans.</summary>
    /// <value>5 seconds by default.</value>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets how long a node is gone before its slots are given away.</summary>
    /// <value>500 milliseconds by default.</value>
    /// <remarks>
    /// The agent of that node has stopped everything as long before its lease could end, by its own clock. This is the
    /// same time once more, for clocks that do not run alike.
    /// </remarks>
    public TimeSpan Guard { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Gets how plans are made.</summary>
    public PlannerOptions Planner { get; init; } = new();

    /// <summary>Gets what makes moves wait when many nodes vanish at once.</summary>
    public MassLossBrake Brake { get; init; } = MassLossBrake.Default;

    /// <summary>Gets for how long it makes them wait.</summary>
    /// <value>30 seconds by default, counted from the last loss.</value>
    public TimeSpan BrakeTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the clock.</summary>
    /// <value>The system's by default.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal CoordinationSessionOptions Session => new() { TimeToLive = TimeToLive, TimeProvider = TimeProvider };

    internal void Validate(string parameter)
    {
        if (Node.IsNone)
            throw new ArgumentException("There is no node.", parameter);
        if (TimeToLive <= TimeSpan.Zero || Guard < TimeSpan.Zero || BrakeTime < TimeSpan.Zero)
            throw new ArgumentException("A time is negative, or there is none to live.", parameter);
    }
}
