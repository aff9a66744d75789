namespace Coord.Raft.Driver;

/// <summary>Wakes one waiting thread; costs producers one exchange while that thread is busy.</summary>
internal sealed class LoopSignal : IDisposable
{
    private const int Busy = 0;
    private const int Sleeping = 1;
    private const int Signalled = 2;

    private readonly AutoResetEvent _event = new(false);
    private int _state;

    /// <summary>Lets the next or present <see cref="Wait"/> return. Thread-safe.</summary>
    public void Set()
    {
        if (Volatile.Read(ref _state) != Signalled && Interlocked.Exchange(ref _state, Signalled) == Sleeping)
            _event.Set();
    }

    /// <summary>Waits for a signal or until the time is over. Called by one thread only.</summary>
    public void Wait(TimeSpan timeout)
    {
        // A short spin catches the answer of a thread that is about to finish, which would otherwise cost a wake-up of
        // some ten microseconds. With few cores spinning takes the core that the answer needs, so it yields instead.
        SpinWait spin = default;
        while (!spin.NextSpinWillYield)
        {
            if (Volatile.Read(ref _state) == Signalled)
                break;
            spin.SpinOnce(sleep1Threshold: -1);
        }

        if (Interlocked.CompareExchange(ref _state, Sleeping, Busy) == Busy)
            _event.WaitOne(timeout);

        Volatile.Write(ref _state, Busy);
    }

    /// <inheritdoc/>
    public void Dispose() => _event.Dispose();
}
