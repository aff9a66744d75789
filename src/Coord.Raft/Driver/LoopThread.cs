namespace Coord.Raft.Driver;

/// <summary>Pumps a loop on a dedicated thread: a starved thread pool must not cost a leader its leadership.</summary>
internal sealed class LoopThread
{
    private readonly ILoop _loop;
    private readonly LoopSignal _signal;
    private readonly Func<TimeSpan> _nextWake;
    private readonly Action<Exception> _onFailure;
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <summary>Prepares the thread; it runs once started.</summary>
    /// <param name="name">The thread's name, for debuggers.</param>
    /// <param name="loop">What to pump.</param>
    /// <param name="signal">What wakes the thread.</param>
    /// <param name="nextWake">How long it may sleep when there is nothing to do.</param>
    /// <param name="onFailure">Told the exception that ended the loop.</param>
    public LoopThread(
        string name, ILoop loop, LoopSignal signal, Func<TimeSpan> nextWake, Action<Exception> onFailure)
    {
        (_loop, _signal, _nextWake, _onFailure) = (loop, signal, nextWake, onFailure);
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    /// <summary>Starts the thread.</summary>
    public void Start() => _thread.Start();

    /// <summary>Lets the loop finish what it has, and waits for it, unless called from the loop itself.</summary>
    public void StopAndJoin()
    {
        _stopping = true;
        _signal.Set();
        if (_thread.IsAlive && Thread.CurrentThread != _thread)
            _thread.Join();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                // Read before pumping: what was queued before the request to stop is still done.
                bool stopping = _stopping;
                bool worked = _loop.Pump();
                if (stopping && !worked)
                    return;
                if (!worked)
                    _signal.Wait(_nextWake());
            }
        }
#pragma warning disable CA1031 // Whatever ends a loop ends the node, which reports it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _onFailure(exception);
        }
    }
}
