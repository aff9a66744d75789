using System.Collections.Concurrent;

namespace Coord.Raft.Driver;

/// <summary>Keeps completions for reuse, up to a bound. Thread-safe.</summary>
internal sealed class CompletionPool<T>(Func<CompletionPool<T>, T> create, int maxIdle = 8192)
    where T : class
{
    private readonly ConcurrentQueue<T> _idle = new();
    private int _count;

    /// <summary>Takes an idle object or makes one.</summary>
    public T Rent()
    {
        if (!_idle.TryDequeue(out T? item))
            return create(this);

        Interlocked.Decrement(ref _count);
        return item;
    }

    /// <summary>Takes an object back.</summary>
    public void Return(T item)
    {
        if (Interlocked.Increment(ref _count) > maxIdle)
            Interlocked.Decrement(ref _count);
        else
            _idle.Enqueue(item);
    }
}
