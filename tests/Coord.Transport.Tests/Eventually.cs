namespace Coord.Transport.Tests;

/// <summary>Waits for what another thread is about to make true.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits until a condition holds; the limit is only for a test that fails.</summary>
    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        using CancellationTokenSource limit = new(Limit);
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"It never came to be that {what}.");
            await Task.Yield();
            await Task.Delay(1, CancellationToken.None);
        }
    }

    /// <summary>Waits until a condition holds, and moves a clock on while it does not.</summary>
    public static async Task TrueAsync(
        Func<bool> condition, string what, Microsoft.Extensions.Time.Testing.FakeTimeProvider clock, TimeSpan step)
    {
        using CancellationTokenSource limit = new(Limit);
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"It never came to be that {what}.");
            clock.Advance(step);
            await Task.Delay(1, CancellationToken.None);
        }
    }
}
