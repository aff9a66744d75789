namespace Coord.Raft.Driver;

/// <summary>
/// Pumps a loop on a dedicated thread: a starved thread pool must not cost a leader its leadership. While the thread
/// sleeps, others may help it (<see cref="LoopSignal"/>).
/// </summary>
internal sealed class LoopThread : ILoopPump
{
    // Beyond this there is enough to do to wake the thread for it.
    private const int MaxTurns = 8;

    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(1);

    private readonly ILoop _loop;
    private readonly LoopSignal _signal;
    private readonly Func<TimeSpan> _nextWake;
    private readonly Action<Exception> _onFailure;
    private readonly Thread _thread;
    private readonly LoopSharing _sharing;
    private volatile int _runner;
    private volatile bool _stopping;
    private volatile bool _ended;

    /// <summary>Prepares the thread; it runs once started.</summary>
    public LoopThread(LoopPumpOptions options)
    {
        (_loop, _signal, _sharing) = (options.Loop, options.Signal, options.Sharing);
        (_nextWake, _onFailure) = (options.NextWake, options.OnFailure);

        // What the thread is for comes before whose it is: the kernel keeps 15 characters of a name.
        _thread = new Thread(Run) { Name = $"coord {options.Name} {options.Node}", IsBackground = true };
        if (_sharing is not LoopSharing.None)
            _signal.Helped = this;
    }

    /// <summary>Gets a value indicating whether the loop waits for the disk.</summary>
    public bool Waits => _sharing is LoopSharing.HelpsAndWaits;

    /// <inheritdoc/>
    public void Start() => _thread.Start();

    /// <inheritdoc/>
    public void StopAndJoin()
    {
        _stopping = true;
        _signal.Set();
        LoopHelper.LetAllIn();
        if (_thread.IsAlive && Thread.CurrentThread != _thread && _runner != Environment.CurrentManagedThreadId)
            _thread.Join();
    }

    /// <summary>Gives the loop, which the caller has entered, to the thread.</summary>
    public void LetIn() => _signal.LetIn();

    /// <summary>Runs the loop, which the caller has entered, until it has nothing to do, and leaves it.</summary>
    public void Help()
    {
        _runner = Environment.CurrentManagedThreadId;
        for (int turns = 0; turns < MaxTurns; turns++)
        {
            if (!TryTurn(isHelp: true, out bool? worked))
                return;

            // Whoever waits for the loop's end waits for its thread.
            if (_stopping || worked is null)
                break;
            if (worked is true)
                continue;

            _runner = 0;
            if (_signal.TryLeave())
                return;
            _runner = Environment.CurrentManagedThreadId;
        }

        _runner = 0;
        LetIn();
    }

    private void Run()
    {
        LoopHelper? helper = _sharing is LoopSharing.None ? null : LoopHelper.Begin();
        while (!_ended)
        {
            // Read before pumping: what was queued before the request to stop is still done.
            bool stopping = _stopping;
            if (!TryTurn(isHelp: false, out bool? worked))
                break;

            helper?.RunEntered(_signal);
            if (worked is true)
                continue;
            if (stopping)
                break; // Nobody leaves, so nobody enters any more.

            Rest();
        }

        _ended = true;
        LoopHelper.LetAllIn();
    }

    /// <summary>Leaves, and waits to be inside again.</summary>
    private void Rest()
    {
        // A short spin catches the answer of a thread that is about to finish, which would otherwise cost a wake-up of
        // some ten microseconds. With few cores spinning takes the core that the answer needs, so it yields instead.
        SpinWait spin = default;
        while (!spin.NextSpinWillYield)
        {
            if (_signal.IsMarked)
                return;
            spin.SpinOnce(sleep1Threshold: -1);
        }

        if (!_signal.TryLeave())
            return;

        // Whoever is inside when the time comes finds the mark and does what is due. If the loop ends there, that is no
        // reason to leave on one's own: whoever waits for this thread would take the end for complete.
        TimeSpan wait;
        do
            wait = _nextWake();
        while (!_signal.TryWait(wait > ShortestRest ? wait : ShortestRest));
    }

    /// <summary>Pumps once, unless there is more to do than one who helps has time for.</summary>
    /// <param name="isHelp">Whether this is another thread than the loop's own.</param>
    /// <param name="worked">Whether there was anything to do; null if it is left to the loop's own thread.</param>
    /// <returns>False if the loop has ended with a failure, for good: nobody leaves it.</returns>
    private bool TryTurn(bool isHelp, out bool? worked)
    {
        try
        {
            _signal.BeginTurn();
            worked = isHelp && !_loop.IsNextTurnShort() ? null : _loop.Pump();
            return true;
        }
#pragma warning disable CA1031 // Whatever ends a loop ends the node, which reports it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            worked = false;
            _ended = true;
            try
            {
                _onFailure(exception);
            }
            finally
            {
                _runner = 0;
                LetIn(); // The thread may sleep, and has to end.
            }

            return false;
        }
    }
}
