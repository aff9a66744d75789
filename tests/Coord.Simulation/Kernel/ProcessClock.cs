using System.Diagnostics.CodeAnalysis;

namespace Coord.Simulation.Kernel;

/// <summary>The clocks of one process: too fast or too slow by a little, and with leaps.</summary>
/// <remarks>Its monotonic time never goes back; its wall clock does what it wants. It ends with its process.</remarks>
internal sealed class ProcessClock : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly World _world;
    private readonly Func<SimulatedEvent, bool> _isHeldUp;
    private readonly List<ProcessTimer> _timers = [];
    private readonly long _ratePerMillion;
    private readonly long _bornAt;
    private long _leaps;
    private bool _isStopped;

    /// <summary>Creates a clock.</summary>
    /// <param name="world">The true time.</param>
    /// <param name="driftPerMillion">How much it gains in a million.</param>
    /// <param name="isHeldUp">Whether the process cannot run now; then it will run the event later by itself.</param>
    public ProcessClock(World world, long driftPerMillion, Func<SimulatedEvent, bool> isHeldUp)
    {
        (_world, _isHeldUp) = (world, isHeldUp);
        _ratePerMillion = 1_000_000 + driftPerMillion;
        _bornAt = world.Now;
    }

    /// <summary>Gets or sets how far the wall clock is off.</summary>
    public TimeSpan WallOffset { get; set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => Span.Second;

    /// <summary>Gets the monotonic time since the process began, in nanoseconds.</summary>
    public long Local => ((_world.Now - _bornAt) * _ratePerMillion / 1_000_000) + _leaps;

    /// <inheritdoc/>
    public override long GetTimestamp() => Local;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Epoch + Span.ToTimeSpan(_bornAt + Local) + WallOffset;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ProcessTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Returns the true time after which the clock will have gone on by so much.</summary>
    public long ToTrue(long local) => local <= 0 ? 0 : (local * 1_000_000 / _ratePerMillion) + 1;

    /// <summary>Lets the monotonic clock leap, as when a virtual machine was asleep.</summary>
    public void Leap(long nanoseconds)
    {
        _leaps += nanoseconds;
        foreach (ProcessTimer timer in _timers)
            timer.Reschedule();
    }

    /// <summary>Ends all timers, with the process.</summary>
    public void Stop()
    {
        _isStopped = true;
        foreach (ProcessTimer timer in _timers)
            timer.Cancel();
        _timers.Clear();
    }

    private sealed class ProcessTimer(ProcessClock clock, TimerCallback callback, object? state)
        : SimulatedEvent, ITimer
    {
        private long _due;
        private long _period = -1;

        public override void Run()
        {
            if (clock._isStopped || clock._isHeldUp(this))
                return;

            if (_period > 0)
            {
                _due = Math.Max(_due + _period, clock.Local);
                Reschedule();
            }
            else
            {
                clock._timers.Remove(this);
            }

            clock._world.Trace.Mix(clock._world.Now, 2, _due);
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Cancel();
            clock._timers.Remove(this);
            if (clock._isStopped || dueTime == Timeout.InfiniteTimeSpan)
                return true;

            _period = period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero ? -1 : Span.Of(period);
            _due = clock.Local + Span.Of(dueTime);
            clock._timers.Add(this);
            Reschedule();
            return true;
        }

        public void Reschedule() => clock._world.Schedule(this, clock.ToTrue(_due - clock.Local));

        [SuppressMessage("Design", "CA1816", Justification = "There is no finalizer.")]
        public void Dispose()
        {
            Cancel();
            clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
