using Coord.Kv;

namespace Coord.Client.Streams;

/// <summary>One watch of the client: what it wants, how far it is, and what waits for its reader.</summary>
/// <remarks>
/// Guarded by the hub's lock. (1) Everything below <see cref="Next"/> is delivered, or waits in the buffer. (2) A batch
/// in the buffer has whole revisions. (3) Once ended, nothing more is added.
/// </remarks>
internal sealed class Subscription(KeyRange range, WatchOptions options, long floor)
{
    private readonly Queue<WatchBatch> _ready = [];
    private readonly List<WatchEvent> _torn = [];
    private TaskCompletionSource? _waiting;
    private int _readyEvents;
    private long _readyBytes;
    private long _tornBytes;

    public KeyRange Range { get; } = range;

    public WatchOptions Options { get; } = options;

    /// <summary>Gets or sets the id on the present stream; zero if it is not on it.</summary>
    public long WireId { get; set; }

    /// <summary>Gets or sets the first revision that was not seen; zero while "now" has not been pinned.</summary>
    public long Next { get; set; } = options.StartRevision.Value;

    /// <summary>Gets or sets the revision that it began with; zero while "now" has not been pinned.</summary>
    public long Start { get; set; } = options.StartRevision.Value;

    /// <summary>Gets the revision that the client had seen when the watch began: what is older is no news.</summary>
    public long Floor { get; } = floor;

    /// <summary>Gets or sets a value indicating whether it left the stream, because its reader is slow.</summary>
    public bool IsParked { get; set; }

    /// <summary>Gets why it ended, or null.</summary>
    public Exception? Ended { get; private set; }

    public bool HasRoom(CoordClientOptions bounds) =>
        _readyEvents < bounds.MaxWatchBufferEvents && _readyBytes < bounds.MaxWatchBufferBytes;

    public bool TryTake(out WatchBatch? batch)
    {
        if (!_ready.TryDequeue(out batch))
            return false;

        _readyEvents -= Math.Max(1, batch.Events.Count);
        foreach (WatchEvent change in batch.Events)
            _readyBytes -= SizeOf(change);
        return true;
    }

    /// <summary>Returns a task that ends when there is something new.</summary>
    public Task WaitAsync() =>
        (_waiting ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void End(Exception reason)
    {
        Ended ??= reason;
        Signal();
    }

    /// <summary>Forgets the part of a revision whose rest will not come on this stream.</summary>
    public void Tear()
    {
        _torn.Clear();
        _tornBytes = 0;
    }

    public void AddProgress(long revision)
    {
        if (revision < Next || _torn.Count > 0)
            return;

        Next = revision + 1;
        if (Options.ReportProgress)
            Add(new(new(revision), []));
    }

    /// <summary>Adds events in the order of revisions.</summary>
    /// <param name="events">The events; what was seen before is left out.</param>
    /// <param name="isFragment">Whether the last revision may go on in the next response.</param>
    /// <param name="maxRevisionBytes">How large one revision may be.</param>
    /// <returns>False if a revision is larger.</returns>
    public bool TryAdd(IEnumerable<WatchEvent> events, bool isFragment, long maxRevisionBytes)
    {
        List<WatchEvent> whole = [];
        foreach (WatchEvent change in events)
        {
            if (change.Revision.Value < Next || change.Revision.Value <= Floor)
                continue;

            if (_torn.Count > 0 && _torn[^1].Revision != change.Revision)
            {
                whole.AddRange(_torn);
                Tear();
            }

            _torn.Add(change);
            _tornBytes += SizeOf(change);
            if (_tornBytes > maxRevisionBytes)
                return false;
        }

        if (!isFragment)
        {
            whole.AddRange(_torn);
            Tear();
        }

        if (whole.Count > 0)
        {
            Next = whole[^1].Revision.Value + 1;
            Add(new(whole[^1].Revision, whole));
        }

        return true;
    }

    private static long SizeOf(WatchEvent change) =>
        64 + SizeOf(change.KeyValue) + (change.Previous is { } previous ? SizeOf(previous) : 0);

    private static long SizeOf(KeyValue pair) => 64 + pair.Key.Length + pair.Value.Length;

    private void Add(WatchBatch batch)
    {
        _ready.Enqueue(batch);
        _readyEvents += Math.Max(1, batch.Events.Count);
        foreach (WatchEvent change in batch.Events)
            _readyBytes += SizeOf(change);
        Signal();
    }

    private void Signal()
    {
        _waiting?.TrySetResult();
        _waiting = null;
    }
}
