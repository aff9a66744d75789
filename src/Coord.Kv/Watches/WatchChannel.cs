using System.Diagnostics;
using Coord.Kv.Mvcc;

namespace Coord.Kv.Watches;

/// <summary>Many watches with one reader: who has something for it takes turns. Under the store's lock.</summary>
/// <remarks>
/// Always true:
/// 1. a watch is queued if and only if it is behind, has events that wait, or has progress to report;
/// 2. what waits in all its watches together is bounded; beyond it they fall behind, one by one;
/// 3. a request for progress waits its turn behind the watches that had something then, and as long as any watch is
///    behind. So when it is answered, everything up to the revision of the request has been delivered.
/// </remarks>
internal sealed class WatchChannel(WatchHub hub, KeyValueOptions options)
{
    /// <summary>How many of the watches of a channel can fill their buffers at the same time.</summary>
    private const int FullBuffers = 16;

    /// <summary>What an event costs that another watch of the channel has too.</summary>
    private const int SharedEventBytes = 32;

    private const int MaxProgressRequests = 1024;
    private const long ProgressId = -1;

    private readonly Dictionary<long, Watcher> _watchers = [];
    private readonly Queue<Turn> _turns = new();
    private WatchEvent[]? _newest;
    private Watcher? _newestFirst;
    private SharedCost? _newestCost;
    private TaskCompletionSource? _waiter;
    private Exception? _failure;
    private long _bufferedBytes;
    private long _lowestFreeId;
    private int _behind;
    private int _progressRequests;

    public int Count => _watchers.Count;

    /// <summary>Gets what waits in all buffers together, in bytes.</summary>
    public long BufferedBytes => _bufferedBytes;

    /// <summary>Gets or sets a value indicating whether the hub is going to wake its reader.</summary>
    public bool IsToWake { get; set; }

    public IEnumerable<Watcher> Watchers => _watchers.Values;

    /// <summary>Adds a watch.</summary>
    /// <exception cref="ArgumentException">The id is in use.</exception>
    public Watcher Add(KeyRange range, WatchOptions watch, long id, long start, long revision)
    {
        long chosen = id == 0 ? FreeId() : id;
        Watcher watcher = new(this, chosen, watch, start);
        if (!_watchers.TryAdd(chosen, watcher))
            throw new ArgumentException($"The stream has a watch {chosen} already.", nameof(id));

        hub.Add(watcher, range);
        if (start > revision)
        {
            watcher.BecomeLive();
        }
        else
        {
            _behind++;
            Queue(watcher);
            Wake();
        }

        return watcher;
    }

    public bool Remove(long id)
    {
        if (!_watchers.Remove(id, out Watcher? watcher))
            return false;

        _lowestFreeId = Math.Min(_lowestFreeId, Math.Max(id, 0));
        _bufferedBytes -= watcher.LetGo();
        _behind -= watcher.IsLive ? 0 : 1;
        watcher.IsRemoved = true;
        hub.Remove(watcher);
        return true;
    }

    public void RemoveAll()
    {
        foreach (long id in _watchers.Keys.ToArray())
            Remove(id);
        Wake();
    }

    /// <summary>Takes a change of the newest revision for a live watch that wants it.</summary>
    public void Offer(Watcher watcher, ref ChangeEvents events)
    {
        long revision = events.Change.Stamp.Revision;
        if (revision < watcher.NextRevision && !Mutants.FutureWatchSeesPresent)
            return; // It asked for the future.

        // A watch's own bound counts what it shares in full: the others may fall behind and leave it alone with that.
        long held = watcher.CostOf(events);
        bool isFull = watcher.BufferedEvents >= options.MaxWatchBufferEvents
            || watcher.HeldBytes + held > options.MaxWatchBufferBytes
            || _bufferedBytes + SharedEventBytes > FullBuffers * options.MaxWatchBufferBytes;
        if (isFull)
        {
            FallBehind(watcher, revision);
        }
        else
        {
            Buffer(watcher, watcher.ToBatch(ref events), held);
        }

        Queue(watcher);
    }

    /// <summary>Makes all watches read from history: the state was replaced.</summary>
    /// <param name="revision">The first revision that live watches have not been offered.</param>
    public void FallBehind(long revision)
    {
        foreach (Watcher watcher in _watchers.Values)
        {
            if (watcher.IsLive)
                FallBehind(watcher, revision);
            Queue(watcher);
        }

        Wake();
    }

    public void RequestProgress(long revision)
    {
        // Who asks that often without reading gets as many answers as fit.
        if (_progressRequests == MaxProgressRequests)
            return;

        _progressRequests++;
        _turns.Enqueue(new(null, revision));
        Wake();
    }

    /// <summary>Lets watches that asked for it report how far they have come, if no event has told it lately.</summary>
    public void ReportProgress()
    {
        foreach (Watcher watcher in _watchers.Values)
        {
            if (!watcher.ReportsProgress)
                continue;

            watcher.IsProgressDue = watcher.IsQuiet && watcher.IsLive;
            watcher.IsQuiet = true;
            if (watcher.IsProgressDue)
                Queue(watcher);
        }

        if (_turns.Count > 0)
            Wake();
    }

    /// <summary>Does one step after the other for whose turn it is, until there is one that reads history.</summary>
    /// <param name="store">Where from.</param>
    /// <param name="notices">Takes what the reader gets.</param>
    /// <param name="isIdle">Whether there is nothing to do but wait.</param>
    /// <returns>How many notices there are; none if a step had nothing for the reader.</returns>
    public int Read(MvccStore store, Span<WatchNotice> notices, out bool isIdle)
    {
        if (_failure is not null)
            throw _failure;

        isIdle = false;
        int count = 0;
        for (bool isHistory = false; count < notices.Length && !isHistory;)
        {
            if (!_turns.TryDequeue(out Turn turn))
            {
                isIdle = true;
                break;
            }

            if (Step(turn, store, out isHistory) is { } notice)
                notices[count++] = notice;
        }

        return count;
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

    public void Fail(Exception failure)
    {
        _failure ??= failure;
        Wake();
    }

    private WatchNotice? Step(Turn turn, MvccStore store, out bool isHistory)
    {
        isHistory = false;
        if (turn.Watcher is not { } watcher)
            return AnswerProgress(turn);

        watcher.IsQueued = false;
        if (watcher.IsRemoved)
            return null;
        if (watcher.IsLive)
            return Deliver(watcher, store);

        isHistory = true;
        return ReadHistory(watcher, store);
    }

    private WatchNotice? AnswerProgress(Turn turn)
    {
        if (_behind > 0 && !Mutants.ProgressWhileBehind)
        {
            _turns.Enqueue(turn);
            return null;
        }

        _progressRequests--;
        return new(ProgressId, WatchNoticeKind.Progress, new(turn.Revision), []);
    }

    private WatchNotice? Deliver(Watcher watcher, MvccStore store)
    {
        IReadOnlyList<WatchEvent> events = watcher.Drain(out long released);
        _bufferedBytes -= released;
        bool isProgressDue = watcher.IsProgressDue;
        watcher.IsProgressDue = false;
        if (events.Count > 0)
            return ToNotice(watcher, events);

        // A watch that begins in the future has come nowhere yet.
        return isProgressDue && watcher.NextRevision <= store.Revision + 1
            ? new(watcher.Id, WatchNoticeKind.Progress, new(store.Revision), [])
            : null;
    }

    private WatchNotice? ReadHistory(Watcher watcher, MvccStore store)
    {
        List<WatchEvent> events = [];
        if (!HistoryReader.TryStep(store, watcher, events))
        {
            Remove(watcher.Id);
            return new(watcher.Id, WatchNoticeKind.Compacted, new(store.CompactedRevision), []);
        }

        if (watcher.IsLive)
            _behind--;
        else
            Queue(watcher);
        return events.Count > 0 ? ToNotice(watcher, events) : null;
    }

    private static WatchNotice ToNotice(Watcher watcher, IReadOnlyList<WatchEvent> events)
    {
        watcher.IsQuiet = false;
        return new(watcher.Id, WatchNoticeKind.Events, events[^1].Revision, events);
    }

    /// <summary>Lets an event wait for a watch, for which it may be the first of the channel that has it.</summary>
    /// <remarks>
    /// The first pays in full, until there is a second: then all pay together, so that whoever leaves first does not
    /// take the price away while the others keep the event.
    /// </remarks>
    private void Buffer(Watcher watcher, WatchEvent[] batch, long held)
    {
        if (!ReferenceEquals(batch, _newest))
        {
            (_newest, _newestFirst, _newestCost) = (batch, watcher, null);
            watcher.Buffer(batch, held, held);
            _bufferedBytes += held;
            return;
        }

        if (_newestCost is null)
        {
            _newestCost = new SharedCost(held);
            _newestFirst!.Share(_newestCost, less: held);
        }

        watcher.Buffer(batch, SharedEventBytes, held);
        watcher.Share(_newestCost, less: 0);
        _bufferedBytes += SharedEventBytes;
    }

    private void FallBehind(Watcher watcher, long revision)
    {
        Debug.Assert(watcher.IsLive, "Only a live watch can fall behind.");
        _behind++;
        _bufferedBytes -= watcher.FallBehind(revision);
    }

    private void Queue(Watcher watcher)
    {
        if (watcher.IsQueued)
            return;

        watcher.IsQueued = true;
        _turns.Enqueue(new(watcher, 0));
    }

    private long FreeId()
    {
        while (_watchers.ContainsKey(_lowestFreeId))
            _lowestFreeId++;
        return _lowestFreeId;
    }

    /// <summary>A place in the queue: of a watch, or (without one) of a request for progress.</summary>
    private readonly record struct Turn(Watcher? Watcher, long Revision);
}
