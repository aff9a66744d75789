namespace Coord.Simulation.Kernel;

/// <summary>Spans of simulated time, in nanoseconds.</summary>
internal static class Span
{
    public const long Microsecond = 1_000;

    public const long Millisecond = 1_000_000;

    public const long Second = 1_000_000_000;

    public const long Minute = 60 * Second;

    public static long Of(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    public static TimeSpan ToTimeSpan(long nanoseconds) => new(nanoseconds / TimeSpan.NanosecondsPerTick);
}
