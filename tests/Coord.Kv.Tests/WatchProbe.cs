using Coord.Kv.Watches;

namespace Coord.Kv.Tests;

/// <summary>A watch that is read by hand, step by step and without waiting.</summary>
internal sealed class WatchProbe : IDisposable
{
    private readonly WatchStream _stream;

    public WatchProbe(KeyValueStateMachine machine, KeyRange range, long from, WatchOptions? options = null)
    {
        _stream = new(machine);
        Watcher = _stream.AddWatcher(range, (options ?? new()) with { StartRevision = new(from) }, 0, out _);
    }

    public Watcher Watcher { get; }

    /// <summary>One call of the shell's loop: some events, none yet, or (null) nothing to do but wait.</summary>
    public List<WatchEvent>? ReadStep()
    {
        _stream.Step(out WatchNotice? notice, out Task? wait);
        if (notice is { Kind: WatchNoticeKind.Compacted })
            throw new CompactedException(notice.Revision);
        return wait is not null ? null : [.. notice?.Events ?? []];
    }

    public List<WatchEvent> ReadAll()
    {
        List<WatchEvent> events = [];
        while (ReadStep() is { } step)
            events.AddRange(step);
        return events;
    }

    public void Dispose() => _stream.Dispose();
}
