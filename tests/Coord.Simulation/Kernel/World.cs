using System.Diagnostics;

namespace Coord.Simulation.Kernel;

/// <summary>Time, and all that happens in it: one event after the other, on one thread.</summary>
/// <remarks>
/// The world is a work item of the thread pool, whose only worker runs it. Whenever something else waits in the pool (a
/// continuation of some task), it steps behind: so all continuations of an event have run before the next one, in an
/// order that depends on nothing but the program, and without changing threads.
/// </remarks>
internal sealed class World : IThreadPoolWorkItem
{
    // Far more than any run needs: something goes in circles without letting time pass.
    private const long MaxEvents = 3_000_000;

    private readonly EventQueue _queue = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SimulationFailedException? _failure;
    private bool _isOver;

    public World(ulong seed, TextWriter? trace)
    {
        Chance = new Chance(seed);
        Trace = new TraceLog(() => Now, trace);
    }

    /// <summary>Gets the true time, which no member knows.</summary>
    public long Now { get; private set; }

    /// <summary>Gets how many events have happened.</summary>
    public long Events { get; private set; }

    /// <summary>Gets the source of chance; everybody forks his own.</summary>
    public Chance Chance { get; }

    public TraceLog Trace { get; }

    /// <summary>Gets or sets what looks at the world after each event and what it brought about.</summary>
    public Action AfterEvent { get; set; } = static () => { };

    /// <summary>Refuses to run where continuations would be spread over threads.</summary>
    public static void RequireOneThread()
    {
        ThreadPool.SetMinThreads(1, 1);
        if (Environment.ProcessorCount != 1 || !ThreadPool.SetMaxThreads(1, 1))
            throw new InvalidOperationException("A run needs a process that knows of one processor.");
    }

    /// <summary>Lets events happen until somebody ends the world, or something fails.</summary>
    public Task RunAsync()
    {
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return _over.Task;
    }

    /// <summary>Ends the world after the present event.</summary>
    public void End() => _isOver = true;

    /// <summary>Ends the world because a rule was broken; the first report counts.</summary>
    public void Fail(string kind, string message, Exception? cause = null)
    {
        _failure ??= new SimulationFailedException(kind, message, cause);
        Trace.Add("FAILURE", $"{kind}: {message}");
    }

    /// <summary>Schedules an event, or moves it.</summary>
    public void Schedule(SimulatedEvent happening, long delay)
    {
        Debug.Assert(delay >= 0, "Nothing happens in the past.");
        _queue.Schedule(happening, Now + delay);
    }

    /// <summary>Schedules a call.</summary>
    public void After(long delay, Action action) => Schedule(new CallEvent(this, action), delay);

    /// <summary>Returns a task that ends after a while.</summary>
    public Task DelayAsync(long delay)
    {
        DelayEvent happening = new();
        Schedule(happening, delay);
        return happening.Task;
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            while (true)
            {
                if (ThreadPool.PendingWorkItemCount > 0)
                {
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                    return;
                }

                AfterEvent();
                if (Events > MaxEvents)
                    Fail("runs away", $"There were {Events} events by {Now / Span.Second} s.");
                if (_failure is not null || _isOver || !_queue.TryTake(out SimulatedEvent happening))
                    break;

                Now = happening.Time;
                Events++;
                happening.Run();
            }

            Finish();
        }
#pragma warning disable CA1031 // Whatever goes wrong ends the run, which reports it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail("exception", exception.ToString(), exception);
            Finish();
        }
    }

    private void Finish()
    {
        if (_failure is not null)
            _over.TrySetException(_failure);
        else
            _over.TrySetResult();
    }

    private sealed class CallEvent(World world, Action action) : SimulatedEvent
    {
        public override void Run()
        {
            world.Trace.Mix(world.Now, 1, 0);
            action();
        }
    }

    private sealed class DelayEvent : SimulatedEvent
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _done.Task;

        public override void Run() => _done.TrySetResult();
    }
}
