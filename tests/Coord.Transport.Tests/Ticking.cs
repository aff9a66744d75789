using Microsoft.Extensions.Time.Testing;

namespace Coord.Transport.Tests;

/// <summary>Waits for what a clock of the test's own has to bring about.</summary>
internal static class Ticking
{
    /// <summary>Moves the clock on until a condition holds.</summary>
    public static Task TickUntilAsync(this FakeTimeProvider clock, string what, TimeSpan step, Func<bool> condition) =>
        Eventually.IsTrueAsync(what, () =>
        {
            if (condition())
                return true;

            clock.Advance(step);
            return false;
        });
}
