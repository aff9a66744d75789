namespace Coord.Scheduling.Leash;

/// <summary>Events on their way to the agent, in their order. Thread-safe.</summary>
/// <remarks>
/// A frozen agent reads nothing, and nobody here may wait for it: while so many lines of output wait, further ones are
/// left out, and the next one that is not says how many. What happens to children is never left out: there is as little
/// of it as there are children.
/// </remarks>
internal sealed class EventQueue(int maxOutput) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<LeashEvent> _events = new();
    private readonly SemaphoreSlim _available = new(0);
    private int _output;
    private long _leftOut;

    public void Dispose() => _available.Dispose();

    /// <summary>Queues an event.</summary>
    public void Add(LeashEvent happened)
    {
        lock (_lock)
        {
            if (happened.Kind is LeashEventKind.Output)
            {
                if (_output == maxOutput)
                {
                    _leftOut++;
                    return;
                }

                _output++;
                if (_leftOut > 0)
                    happened = happened with { Text = $"[{_leftOut} lines left out] {happened.Text}" };
                _leftOut = 0;
            }

            _events.Enqueue(happened);
        }

        _available.Release();
    }

    /// <summary>Waits for the next event.</summary>
    public LeashEvent Take()
    {
        _available.Wait();
        lock (_lock)
        {
            LeashEvent happened = _events.Dequeue();
            if (happened.Kind is LeashEventKind.Output)
                _output--;
            return happened;
        }
    }
}
