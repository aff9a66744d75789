using Coord.Kv.Watches;

namespace Coord.Kv.Tests;

/// <summary>A watch that is read by hand, step by step and without waiting.</summary>
internal sealed class WatchProbe : IDisposable
{
    private readonly KeyValueStateMachine _machine;

    public WatchProbe(KeyValueStateMachine machine, KeyRange range, long from, WatchOptions? options = null)
    {
        _machine = machine;
        Watcher = machine.OpenWatch(range, options ?? new(), from);
    }

    public Watcher Watcher { get; }

    /// <summary>One call of the shell's loop: some events, none yet, or (null) nothing to do but wait.</summary>
    public List<WatchEvent>? ReadStep()
    {
        List<WatchEvent> changes = [];
        _machine.ReadWatch(Watcher, changes, out Task wait);
        return changes.Count == 0 && !wait.IsCompleted ? null : changes;
    }

    public List<WatchEvent> ReadAll()
    {
        List<WatchEvent> events = [];
        while (ReadStep() is { } step)
            events.AddRange(step);
        return events;
    }

    public void Dispose() => _machine.CloseWatch(Watcher);
}
