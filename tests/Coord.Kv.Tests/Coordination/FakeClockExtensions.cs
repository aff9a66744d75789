using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests.Coordination;

/// <summary>Lets time pass so that all that is due runs before the call returns.</summary>
internal static class FakeClockExtensions
{
    /// <summary>Moves the clock in one leap, as after a pause of the process.</summary>
    /// <remarks>
    /// Within a test framework's synchronization context the continuations would go to the thread pool instead.
    /// </remarks>
    public static void Leap(this FakeTimeProvider clock, double seconds)
    {
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            clock.Advance(TimeSpan.FromSeconds(seconds));
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>Moves the clock in steps of a tenth of a second.</summary>
    public static void Pass(this FakeTimeProvider clock, double seconds)
    {
        for (int i = 0; i < (int)Math.Round(seconds * 10); i++)
            clock.Leap(0.1);
    }
}
