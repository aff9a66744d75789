using Coord.Raft.Diagnostics;
using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>Writes the log: everything that queued up during one sync goes into the next.</summary>
/// <remarks>
/// Owns the <see cref="Wal"/>. Always true:
/// 1. batches become durable in the order in which they were handed over;
/// 2. a batch's messages leave after it and all before it are durable, never earlier;
/// 3. the first failed write or sync ends the loop, and with it the node.
/// </remarks>
internal sealed class StorageLoop(
    Wal wal, NodeId self, IRaftTransport transport, Func<long> clock, Term term, EntryId lastEntry) : ILoop, IDisposable
{
    /// <summary>How many batches may be on their way to the disk.</summary>
    public const int MaxBatches = 64;

    private const long IdleNanoseconds = 50_000_000;

    // On a slower disk a sync takes many times what it takes to wake the loop's own thread for it.
    private const long MaxMeanSync = 1_000_000;
    private const int MeanOver = 8;

    private readonly SwapQueue<StorageBatch> _queue = new(MaxBatches);
    private readonly SwapQueue<StorageBatch> _done = new(MaxBatches);
    private readonly LoopSignal _signal = new();
    private readonly Lock _durableLock = new();
    private (Term Term, EntryId Last) _durable = (term, lastEntry);
    private NodeId _durableVote = wal.HardState.Vote;
    private LogDoubt? _doubt = wal.Doubt;
    private bool _isWritten;
    private bool _mustSync;
    private bool _markIsBehind;
    private long _lastWork;
    private long _meanSync;

    /// <summary>Gets what wakes the loop.</summary>
    public LoopSignal Signal => _signal;

    /// <summary>
    /// Gets the durable term and the durable end of the log; while its end is in doubt, where it may have been: peers
    /// remember what was acknowledged, and refuse who claims less. Thread-safe.
    /// </summary>
    public (Term Term, EntryId Last) Durable
    {
        get
        {
            lock (_durableLock)
            {
                EntryId last = _durable.Last;
                return _doubt is { } doubt && doubt.Bound > last.Index
                    ? (_durable.Term, new EntryId(last.Term, doubt.Bound))
                    : _durable;
            }
        }
    }

    /// <summary>Gets the durable end of the log, whatever may have been behind it; for tests. Thread-safe.</summary>
    internal EntryId DurableEnd
    {
        get
        {
            lock (_durableLock)
                return _durable.Last;
        }
    }

    /// <summary>Gets the durable term, and the durable vote in it; for tests. Thread-safe.</summary>
    internal (Term Term, NodeId Vote) DurableVote
    {
        get
        {
            lock (_durableLock)
                return (_durable.Term, _durableVote);
        }
    }

    /// <summary>Gets how long the loop may sleep; not for long, since others may write while its thread does.</summary>
    public TimeSpan NextWake => TimeSpan.FromMilliseconds(_markIsBehind ? 50 : 200);

    /// <summary>Gets or sets what is called when the log will soon need another segment.</summary>
    public Action OnNeedsSegment { get; set; } = static () => { };

    /// <summary>Gets or sets what is called when batches have become durable.</summary>
    public Action OnDone { get; set; } = static () => { };

    /// <summary>Hands over a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="canWait">Whether the thread that hands it over may write it after its turn, if it can wait.</param>
    /// <returns>False if too many wait: the owner keeps it and tries again after the next batch is done.</returns>
    public bool TryEnqueue(StorageBatch batch, bool canWait)
    {
        if (!_queue.TryEnqueue(batch))
            return false;

        if (canWait)
            _signal.Offer();
        else
            _signal.Set();
        return true;
    }

    /// <inheritdoc/>
    public bool IsNextTurnShort() => _meanSync < MaxMeanSync;

    /// <summary>Takes the batches that are durable now, for the core and for reuse.</summary>
    public ReadOnlySpan<StorageBatch> DrainDone() => _done.Drain();

    /// <inheritdoc/>
    public bool Pump()
    {
        if (!_isWritten && !Write())
            return SaveMarkWhenIdle();

        _isWritten = false;
        ReadOnlySpan<StorageBatch> batches = _queue.Drained;
        if (_mustSync && !Mutants.AcknowledgeBeforeSync)
        {
            Sync();
            NoteDurable(batches);
        }

        EndDoubtAfter(batches);
        foreach (StorageBatch batch in batches)
            Finish(batch);

        if (_mustSync && Mutants.AcknowledgeBeforeSync)
        {
            Sync();
            NoteDurable(batches);
        }

        if (wal.NeedsNextSegment)
            OnNeedsSegment();

        _markIsBehind = true;
        _lastWork = clock();
        transport.Flush();
        OnDone();
        return true;
    }

    /// <summary>
    /// Does the first half of a turn: it writes what has queued up, and the next turn syncs it. For tests, in which
    /// something shall come between the two.
    /// </summary>
    /// <returns>False if nothing had.</returns>
    internal bool Write()
    {
        ReadOnlySpan<StorageBatch> batches = _queue.Drain();
        if (batches.IsEmpty)
            return false;

        _mustSync = false;
        foreach (StorageBatch batch in batches)
        {
            wal.Append(batch.HardState, batch.Entries, batch.Snapshot?.LastIncluded);
            _mustSync |= batch.MustSync;
        }

        _isWritten = true;
        return true;
    }

    /// <summary>Makes everything durable that is not yet, at the node's end.</summary>
    public void Close(bool saveMark)
    {
        try
        {
            if (saveMark)
                wal.SaveDurableMark();
        }
        finally
        {
            Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        wal.Dispose();
        _signal.Dispose();
    }

    private void Sync()
    {
        long begun = clock();
        wal.Sync();
        long took = clock() - begun;
        _meanSync += (took - _meanSync) / MeanOver;
        if (RaftMetrics.MeasuresSyncs)
            RaftMetrics.Synced(took);
    }

    private void Finish(StorageBatch batch)
    {
        foreach (ref readonly Message message in batch.Messages)
        {
            // Straight from here: a hop over the owner loop would cost every follower a wake-up per commit.
            if (message.To != self)
                transport.TrySend(message);
        }

        if (!batch.PurgeThrough.IsZero)
            wal.PurgeThrough(batch.PurgeThrough);

        bool accepted = _done.TryEnqueue(batch);
        Invariant.Check(accepted, "There are no more batches than places for them.");
    }

    private void EndDoubtAfter(ReadOnlySpan<StorageBatch> batches)
    {
        bool ends = false;
        foreach (StorageBatch batch in batches)
            ends |= batch.EndsDoubt;
        if (!ends)
            return;

        wal.EndDoubt();
        lock (_durableLock)
            _doubt = null;
    }

    private void NoteDurable(ReadOnlySpan<StorageBatch> batches)
    {
        lock (_durableLock)
        {
            foreach (StorageBatch batch in batches)
            {
                Term batchTerm = batch.HardState?.Term ?? _durable.Term;
                _durableVote = batch.HardState?.Vote ?? _durableVote;
                EntryId last = batch.Snapshot?.LastIncluded ?? _durable.Last;
                _durable = (batchTerm, batch.Entries.IsEmpty ? last : batch.Entries[^1].Id);
            }
        }
    }

    /// <summary>Saves how much is durable, so that a damaged last record is not taken for a torn one.</summary>
    private bool SaveMarkWhenIdle()
    {
        // Not at once: under a light load that would be a second sync for every write.
        if (!_markIsBehind || clock() - _lastWork < IdleNanoseconds)
            return false;

        _markIsBehind = false;
        wal.SaveDurableMark();
        return false;
    }
}
