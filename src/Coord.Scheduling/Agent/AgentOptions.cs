using Coord.Kv.Coordination;

namespace Coord.Scheduling.Agent;

/// <summary>How a node runs units. Immutable; the defaults run.</summary>
public sealed record AgentOptions
{
    /// <summary>Gets what the node says of itself.</summary>
    public required NodeSpec Node { get; init; }

    /// <summary>Gets the prefix of the scheduler's keys.</summary>
    /// <value><see cref="SchedulerKeys.DefaultPrefix"/> by default; it ends in a slash.</value>
    public string Prefix { get; init; } = SchedulerKeys.DefaultPrefix;

    /// <summary>Gets how long the node may be out of touch before its units are run elsewhere.</summary>
    /// <value>5 seconds by default.</value>
    /// <remarks>
    /// After a crash the units stand still for this long. A shorter time makes more of short pauses and elections.
    /// </remarks>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets how long before the lease can end nothing of the node runs any more.</summary>
    /// <value>500 milliseconds by default.</value>
    /// <remarks>It covers how far clocks run apart in one time to live, and what it takes to kill.</remarks>
    public TimeSpan Guard { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Gets how long units may take to stop when the node is out of touch, before they are killed.</summary>
    /// <value>1 second by default. With the guard, at most half of the time to live.</value>
    public TimeSpan FenceGrace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets the longest pause between two starts of a unit that keeps failing.</summary>
    /// <value>1 minute by default.</value>
    public TimeSpan MaxRestartDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets how many of the last lines of output are kept for each slot.</summary>
    /// <value>200 by default.</value>
    public int JournalLines { get; init; } = 200;

    /// <summary>Gets the clock.</summary>
    /// <value>The system's by default.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Gets what is done when code of a unit goes on although it had to end: another node may run the unit by now.
    /// </summary>
    /// <value>Nothing by default but a log entry; a process that cannot afford that ends itself here.</value>
    public Action<SlotId>? OnOverrun { get; init; }

    internal CoordinationSessionOptions Session => new()
    {
        TimeToLive = TimeToLive,
        SafetyMargin = Guard + FenceGrace,
        TimeProvider = TimeProvider,
    };

    internal void Validate(string parameter)
    {
        if (Node is null)
            throw new ArgumentException("There is no node.", parameter);
        if (Guard < TimeSpan.Zero || FenceGrace < TimeSpan.Zero || Guard + FenceGrace > TimeToLive / 2)
            throw new ArgumentException("Guard and grace together exceed half of the time to live.", parameter);
        if (MaxRestartDelay <= TimeSpan.Zero)
            throw new ArgumentException("The longest pause between starts is not positive.", parameter);
        if (JournalLines is < 0 or > 100_000)
            throw new ArgumentException("The journal has 0 to 100,000 lines.", parameter);
    }
}
