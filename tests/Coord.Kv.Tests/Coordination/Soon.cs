namespace Coord.Kv.Tests.Coordination;

/// <summary>Waits for what has to happen, however slow the machine is.</summary>
internal static class Soon
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    public static Task<T> Done<T>(ValueTask<T> task) => task.AsTask().WaitAsync(Deadline);

    public static Task<T> Done<T>(Task<T> task) => task.WaitAsync(Deadline);

    public static Task Done(Task task) => task.WaitAsync(Deadline);

    public static Task Is(Func<bool> condition) => Eventually.IsTrueAsync("it happened.", condition);

    public static Task Cancelled(CancellationToken token) => Is(() => token.IsCancellationRequested);
}
