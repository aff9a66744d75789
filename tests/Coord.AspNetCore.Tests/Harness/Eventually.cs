namespace Coord.AspNetCore.Tests.Harness;

/// <summary>Waits for what happens soon, but not at once.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static async Task HoldsAsync(Func<bool> condition)
    {
        using CancellationTokenSource late = new(Patience);
        while (!condition())
            await Task.Delay(Pause, late.Token);
    }
}
