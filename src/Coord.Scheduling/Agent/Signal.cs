namespace Coord.Scheduling.Agent;

/// <summary>Wakes whoever waits for the next change. Thread-safe.</summary>
/// <remarks>
/// Take <see cref="Next"/> before looking at what has changed, and await it after: then none is missed.
/// </remarks>
internal sealed class Signal
{
    private TaskCompletionSource _next = NewSource();

    /// <summary>Gets a task that ends at the next change.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Tells that something has changed.</summary>
    public void Set() => Interlocked.Exchange(ref _next, NewSource()).SetResult();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
