using System.Diagnostics;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Watches;

/// <summary>One watch: where it is, and what waits for it. Owned by its channel; under the store's lock.</summary>
/// <remarks>
/// It is in one of two states. <b>Live</b>: it has, or finds in its buffer, every matching change up to the present
/// revision; new ones are handed to it as they are applied. <b>Behind</b>: it reads history from
/// <see cref="NextRevision"/> on, in bounded steps, until it is live. A live watch whose buffer would overflow falls
/// behind and loses its buffer, not its place. So its memory is bounded, and nothing is skipped or repeated.
/// </remarks>
internal sealed class Watcher(WatchChannel channel, long id, WatchOptions options, long nextRevision)
{
    /// <summary>What waits: nothing, a batch of one that other watches share, or a list of its own.</summary>
    private IReadOnlyList<WatchEvent>? _buffer;

    private List<SharedCost>? _shared;

    public WatchChannel Channel => channel;

    public long Id => id;

    public bool ReportsProgress => options.ReportProgress;

    public bool RequiresLeader => options.RequireLeader;

    /// <summary>Gets or sets the group that has it, and the range.</summary>
    public WatchGroup Group { get; set; } = null!;

    public Watcher? PreviousInGroup { get; set; }

    public Watcher? NextInGroup { get; set; }

    /// <summary>Gets or sets the first revision whose changes it may still have to see.</summary>
    public long NextRevision { get; set; } = nextRevision;

    public bool IsLive { get; private set; }

    /// <summary>Gets or sets a value indicating whether it waits for its turn in its channel.</summary>
    public bool IsQueued { get; set; }

    public bool IsRemoved { get; set; }

    /// <summary>Gets or sets a value indicating whether no event was delivered since progress was looked at.</summary>
    public bool IsQuiet { get; set; } = true;

    public bool IsProgressDue { get; set; }

    public int BufferedEvents => _buffer?.Count ?? 0;

    /// <summary>Gets what its buffer costs its channel, in bytes, besides what it shares with others there.</summary>
    public long BufferedBytes { get; private set; }

    /// <summary>Gets what its buffer keeps in memory, in bytes, if all others have let go of theirs.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Tells whether the kind of a change is one that it wants.</summary>
    public bool Wants(KeyVersion change) => !(change.IsTombstone ? options.SkipDeletes : options.SkipPuts);

    public WatchEvent ToEvent(ref ChangeEvents events) => events.ToEvent(options.ReturnPrevious);

    /// <summary>Returns the event alone, in a batch that is shared.</summary>
    public WatchEvent[] ToBatch(ref ChangeEvents events) => events.ToBatch(options.ReturnPrevious);

    /// <summary>Returns what an event costs this watch's buffer, or its reader.</summary>
    public long CostOf(in ChangeEvents events) =>
        events.Change.Cost + (options.ReturnPrevious ? events.Previous?.Cost ?? 0 : 0);

    /// <summary>Lets an event wait.</summary>
    /// <param name="batch">The event alone; not changed.</param>
    /// <param name="bytes">What it costs the channel, besides what is shared.</param>
    /// <param name="held">What it keeps in memory.</param>
    public void Buffer(WatchEvent[] batch, long bytes, long held)
    {
        Debug.Assert(IsLive, "A watch that is behind reads for itself.");
        BufferedBytes += bytes;
        HeldBytes += held;
        if (_buffer is null)
        {
            _buffer = batch;
            return;
        }

        if (_buffer is not List<WatchEvent> list)
        {
            list = [.. _buffer];
            _buffer = list;
        }

        list.AddRange(batch);
    }

    /// <summary>Says that an event in the buffer is shared with others of the channel.</summary>
    /// <param name="cost">What they pay together.</param>
    /// <param name="less">How much less of it this one pays alone from now on.</param>
    public void Share(SharedCost cost, long less)
    {
        cost.Hold();
        (_shared ??= []).Add(cost);
        BufferedBytes -= less;
        Debug.Assert(BufferedBytes >= 0, "It has paid for what it shares.");
    }

    /// <summary>Drops the buffer.</summary>
    /// <returns>By how much the channel's buffers have become smaller.</returns>
    public long LetGo()
    {
        long bytes = BufferedBytes;
        foreach (SharedCost cost in _shared ?? [])
            bytes += cost.Release();
        _shared = null;
        _buffer = null;
        (BufferedBytes, HeldBytes) = (0, 0);
        return bytes;
    }

    /// <summary>Makes the watch read history, from its first undelivered change on.</summary>
    /// <param name="revision">Where that is, if the buffer is empty: what is below has been looked at.</param>
    /// <returns>By how much the channel's buffers have become smaller.</returns>
    public long FallBehind(long revision)
    {
        NextRevision = Math.Max(
            NextRevision - (Mutants.DeliveredEventRepeats ? 1 : 0),
            Mutants.DeliveredEventRepeats ? 0
                : _buffer is not null && !Mutants.OverflowLosesEvents ? _buffer[0].Revision.Value : revision);
        IsLive = false;
        return LetGo();
    }

    public void BecomeLive()
    {
        Debug.Assert(BufferedEvents == 0, "What waits has not been read from history.");
        IsLive = true;
    }

    /// <summary>Takes everything that waits; whole revisions, because changes are offered under the lock.</summary>
    /// <param name="released">By how much the channel's buffers have become smaller.</param>
    public IReadOnlyList<WatchEvent> Drain(out long released)
    {
        IReadOnlyList<WatchEvent> events = _buffer ?? [];
        if (events.Count > 0)
            NextRevision = events[^1].Revision.Value + 1;
        released = LetGo();
        return events;
    }
}
