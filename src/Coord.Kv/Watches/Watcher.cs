using System.Diagnostics;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Watches;

/// <summary>One watch: where it is, and what waits for it. Under the store's lock; the shell reads it.</summary>
/// <remarks>
/// It is in one of two states. <b>Live</b>: it has, or finds in its buffer, every matching change up to the present
/// revision; new ones are handed to it as they are applied. <b>Behind</b>: it reads the change log from
/// <see cref="NextRevision"/> on, in bounded steps, until it is live. A live watch whose buffer would overflow falls
/// behind and loses its buffer, not its place. So its memory is bounded, and nothing is skipped or repeated.
/// </remarks>
internal sealed class Watcher(KeyRange range, WatchOptions options, long nextRevision, int maxEvents, long maxBytes)
{
    private readonly List<WatchEvent> _buffer = [];
    private long _bufferedBytes;
    private TaskCompletionSource? _waiter;

    public KeyRange Range => range;

    /// <summary>Gets or sets the first revision whose changes it may still have to see.</summary>
    public long NextRevision { get; set; } = nextRevision;

    public bool IsLive { get; private set; }

    public int BufferedEvents => _buffer.Count;

    /// <summary>Gets why the watch cannot go on; null as long as it can.</summary>
    public Exception? Failure { get; private set; }

    public bool Wants(KeyVersion change) =>
        !(change.IsTombstone ? options.SkipDeletes : options.SkipPuts) && range.Contains(change.Key);

    public WatchEvent ToEvent(ref ChangeEvents events) => events.ToEvent(options.ReturnPrevious);

    /// <summary>Returns what an event costs this watch's buffer, or its reader.</summary>
    public long CostOf(in ChangeEvents events) =>
        events.Change.Cost + (options.ReturnPrevious ? events.Previous?.Cost ?? 0 : 0);

    /// <summary>Takes a matching change of the newest revision.</summary>
    public void Offer(ref ChangeEvents events)
    {
        Debug.Assert(IsLive, "A watch that is behind reads for itself.");
        long revision = events.Change.Stamp.Revision;
        if (revision < NextRevision)
            return; // It asked for the future.

        long bytes = CostOf(events);
        if (_buffer.Count >= maxEvents || _bufferedBytes + bytes > maxBytes)
        {
            FallBehind(revision);
            return;
        }

        _buffer.Add(ToEvent(ref events));
        _bufferedBytes += bytes;
    }

    /// <summary>Makes the watch read history, from its first undelivered change on.</summary>
    /// <param name="revision">Where that is, if the buffer is empty: what is below has been looked at.</param>
    public void FallBehind(long revision)
    {
        NextRevision = Math.Max(NextRevision, _buffer.Count > 0 ? _buffer[0].Revision.Value : revision);
        _buffer.Clear();
        _bufferedBytes = 0;
        IsLive = false;
    }

    public void BecomeLive()
    {
        Debug.Assert(_buffer.Count == 0, "What waits has not been read from history.");
        IsLive = true;
    }

    /// <summary>Takes everything that waits; whole revisions, because changes are offered under the lock.</summary>
    public void Drain(List<WatchEvent> changes)
    {
        if (_buffer.Count == 0)
            return;

        changes.AddRange(_buffer);
        NextRevision = _buffer[^1].Revision.Value + 1;
        _buffer.Clear();
        _bufferedBytes = 0;
    }

    public void Fail(Exception failure)
    {
        Failure ??= failure;
        Wake();
    }

    /// <summary>Lets the reader wait until there is something for it.</summary>
    public Task WaitAsync()
    {
        _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _waiter.Task;
    }

    public void Wake()
    {
        _waiter?.TrySetResult();
        _waiter = null;
    }
}
