namespace Coord.Kv.Tests.Coordination;

/// <summary>
/// Runs calls to a store one after the other, in an order that a seed picks. What waits for an answer goes on within
/// <see cref="Step"/>, on the thread that pumps.
/// </summary>
internal sealed class Schedule(int seed)
{
    private readonly Lock _lock = new();
    private readonly List<Pending> _pending = [];

    public Random Random { get; } = new(seed);

    public bool IsReady
    {
        get
        {
            lock (_lock)
                return _pending.Exists(pending => pending.IsReady is null || pending.IsReady());
        }
    }

    public Task<T> RunAsync<T>(Func<T> call, CancellationToken cancellationToken, Func<bool>? isReady = null)
    {
        // Not asynchronously: the continuation is a part of this schedule.
        TaskCompletionSource<T> answer = new(TaskCreationOptions.None);
        Pending pending = new(isReady, () =>
        {
            try
            {
                answer.TrySetResult(call());
            }
            catch (Exception refused)
            {
                answer.TrySetException(refused);
            }
        });
        lock (_lock)
            _pending.Add(pending);
        if (cancellationToken.CanBeCanceled)
        {
            // The caller stops waiting; what is on its way may happen yet.
            cancellationToken.Register(() =>
            {
                if (isReady is not null)
                    Remove(pending);
                answer.TrySetCanceled(cancellationToken);
            });
        }

        return answer.Task;
    }

    /// <summary>Runs one call that is ready; false if there is none.</summary>
    public bool Step()
    {
        Pending next;
        lock (_lock)
        {
            List<Pending> ready = [.. _pending.Where(pending => pending.IsReady is null || pending.IsReady())];
            if (ready.Count == 0)
                return false;
            next = ready[Random.Next(ready.Count)];
            _pending.Remove(next);
        }

        next.Run();
        return true;
    }

    private void Remove(Pending pending)
    {
        lock (_lock)
            _pending.Remove(pending);
    }

    private sealed record Pending(Func<bool>? IsReady, Action Run);
}
