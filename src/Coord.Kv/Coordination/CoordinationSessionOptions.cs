namespace Coord.Kv.Coordination;

/// <summary>How a session keeps its lease.</summary>
public sealed record CoordinationSessionOptions
{
    /// <summary>Gets how long the lease lives without a keep-alive.</summary>
    /// <value>15 seconds by default; the store raises it to its minimum.</value>
    /// <remarks>
    /// After a crash others wait for this long. It has to outlast pauses of the process and the time that the cluster
    /// needs to elect a leader; a keep-alive is sent every third of it.
    /// </remarks>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Gets how long before the lease can end the session counts as lost, when nothing confirms it any more.
    /// </summary>
    /// <value>A tenth of the time to live by default; at most half of it.</value>
    /// <remarks>It has to cover what the holders need to stop, and how far clocks run apart in one such time.</remarks>
    public TimeSpan? SafetyMargin { get; init; }

    /// <summary>Gets the clock.</summary>
    /// <value>The system's by default.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate(string parameter)
    {
        if (TimeToLive <= TimeSpan.Zero)
            throw new ArgumentException("The time to live is not positive.", parameter);
        if (SafetyMargin is { } margin && (margin < TimeSpan.Zero || margin > TimeToLive / 2))
            throw new ArgumentException("The safety margin is not between zero and half the time to live.", parameter);
        if (TimeProvider is null)
            throw new ArgumentException("There is no clock.", parameter);
    }
}
