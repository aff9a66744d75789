namespace Coord.Scheduling;

/// <summary>How a new version of a unit takes the place of the old one. Immutable.</summary>
/// <remarks>
/// Each slot keeps its last good version beside the new one, and falls back to it by itself: what CoreOS does with two
/// root partitions.
/// </remarks>
public sealed record RolloutPolicy
{
    /// <summary>Gets for how long a new version must be healthy before it counts as good.</summary>
    /// <value>45 seconds by default.</value>
    public TimeSpan HoldTime { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Gets for how long a new version may take to become healthy.</summary>
    /// <value>2 minutes by default.</value>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Gets how many slots change at a time.</summary>
    /// <value>1 by default.</value>
    public int MaxInFlight { get; init; } = 1;

    /// <summary>Gets how often a new version is tried in one slot before the slot falls back.</summary>
    /// <value>1 by default.</value>
    public int Tries { get; init; } = 1;
}
