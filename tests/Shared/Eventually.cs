namespace Coord.Testing;

/// <summary>Waits for what must come, by looking often; how long it may take only says when to give up.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Asks until the answer is not null.</summary>
    /// <param name="what">What is waited for, as a sentence for the failure.</param>
    /// <param name="ask">The question; an exception it throws fails the test at once.</param>
    public static async Task<T> GetAsync<T>(string what, Func<Task<T?>> ask)
        where T : class
    {
        long start = TimeProvider.System.GetTimestamp();
        using PeriodicTimer timer = new(Pause);
        while (true)
        {
            if (await ask() is { } answer)
                return answer;
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
                throw new TimeoutException($"Not within {Patience.TotalSeconds} s: {what}");

            await timer.WaitForNextTickAsync();
        }
    }

    public static Task IsTrueAsync(string what, Func<Task<bool>> ask) =>
        GetAsync(what, async () => await ask() ? "yes" : null);

    public static Task IsTrueAsync(string what, Func<bool> ask) => IsTrueAsync(what, () => Task.FromResult(ask()));
}
