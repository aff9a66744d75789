namespace Coord.Raft.Driver;

/// <summary>Pumps a loop on a dedicated thread: a starved thread pool must not cost a leader its leadership.</summary>
internal sealed class LoopThread : ILoopPump
{
    private readonly ILoop _loop;
    private readonly LoopSignal _signal;
    private readonly Func<TimeSpan> _nextWake;
    private readonly Action<Exception> _onFailure;
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <summary>Prepares the thread; it runs once started.</summary>
    public LoopThread(LoopPumpOptions options)
    {
        (_loop, _signal) = (options.Loop, options.Signal);
        (_nextWake, _onFailure) = (options.NextWake, options.OnFailure);

        // What the thread is for comes before whose it is: the kernel keeps 15 characters of a name.
        _thread = new Thread(Run) { Name = $"coord {options.Name} {options.Node}", IsBackground = true };
    }

    /// <inheritdoc/>
    public void Start() => _thread.Start();

    /// <inheritdoc/>
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
