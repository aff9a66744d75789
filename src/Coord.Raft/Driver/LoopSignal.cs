namespace Coord.Raft.Driver;

/// <summary>Wakes one waiting thread; costs producers one exchange while that thread is busy.</summary>
internal sealed class LoopSignal : IDisposable
{
    private const int Busy = 0;
    private const int Sleeping = 1;
    private const int Signalled = 2;

    private readonly AutoResetEvent _event = new(false);
    private int _state;
    private Action? _wake;

    /// <summary>Lets the next or present <see cref="Wait"/> return. Thread-safe.</summary>
    public void Set()
    {
        if (Volatile.Read(ref _state) == Signalled || Interlocked.Exchange(ref _state, Signalled) != Sleeping)
            return;

        if (_wake is { } wake)
            wake();
        else
            _event.Set();
    }

    /// <summary>
    /// Lets the next <see cref="Set"/> call back, once, in place of ending a <see cref="Wait"/>: for a pump that has no
    /// thread to wait with. Forgets earlier signals.
    /// </summary>
    public void Arm(Action wake)
    {
        _wake = wake;
        Volatile.Write(ref _state, Sleeping);
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
