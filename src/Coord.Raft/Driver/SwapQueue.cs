namespace Coord.Raft.Driver;

/// <summary>A bounded queue of many producers and one consumer that takes everything at once.</summary>
/// <remarks>
/// Two arrays change places, so a steady flow allocates nothing, and the lock is held for a few instructions.
/// What was drained is valid until the next drain.
/// </remarks>
internal sealed class SwapQueue<T>(int capacity)
{
    private readonly Lock _lock = new();
    private T[] _filling = new T[Math.Min(capacity, 64)];
    private T[] _drained = new T[Math.Min(capacity, 64)];
    private int _count;
    private int _drainedCount;
    private bool _closed;

    /// <summary>Gets a value indicating whether nothing waits; may be outdated when it is looked at.</summary>
    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>Adds an item unless the queue is full or closed.</summary>
    public bool TryEnqueue(in T item)
    {
        lock (_lock)
        {
            if (_closed || _count == capacity)
                return false;

            if (_count == _filling.Length)
                Array.Resize(ref _filling, Math.Min(capacity, _count * 2));

            _filling[_count] = item;
            Volatile.Write(ref _count, _count + 1);
            return true;
        }
    }

    /// <summary>Gets what was drained last. Called by the consumer only.</summary>
    public ReadOnlySpan<T> Drained => _drained.AsSpan(0, _drainedCount);

    /// <summary>Takes all items, in the order in which they came. Called by the consumer only.</summary>
    public ReadOnlySpan<T> Drain()
    {
        // What the consumer has handled must not keep memory alive until the array is overwritten.
        Array.Clear(_drained, 0, _drainedCount);
        lock (_lock)
        {
            (_filling, _drained) = (_drained, _filling);
            _drainedCount = _count;
            Volatile.Write(ref _count, 0);
        }

        return _drained.AsSpan(0, _drainedCount);
    }

    /// <summary>Refuses further items, and returns those that nobody will handle any more.</summary>
    public ReadOnlySpan<T> Close()
    {
        lock (_lock)
            _closed = true;

        return Drain();
    }
}
