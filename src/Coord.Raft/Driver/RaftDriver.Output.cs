using Coord.Raft.Core;
using Coord.Raft.Diagnostics;

namespace Coord.Raft.Driver;

/// <content>Doing what the core wants done.</content>
internal sealed partial class RaftDriver
{
    private HardState? _commitToPersist;

    private bool HandleReadies(long now)
    {
        bool worked = false;

        // With too many writes on their way the core has to wait, and its followers will notice, as they should.
        while (_core.HasReady && _batchesInFlight < StorageLoop.MaxBatches)
        {
            Handle(_core.TakeReady(), now);
            worked = true;
        }

        return worked;
    }

    private void Handle(Ready ready, long now)
    {
        foreach (ref readonly RaftEvent raftEvent in ready.Events)
            Log.Event(_logger, raftEvent);

        Persist(ready, now);
        foreach (ref readonly Message message in ready.Messages)
            Send(message);

        if (ready.Snapshot is not null)
        {
            _snapshotIndex = ready.Snapshot.LastIncluded.Index;
            AbandonProposalsThrough(ready.Snapshot.LastIncluded.Index);
        }

        HandToApply(ready.CommittedEntries.Span);

        foreach (ref readonly ReadState read in ready.ReadStates)
            _reads.Confirm(read.Context, read.Index);

        if (!ready.ReadStates.IsEmpty)
            _reads.Complete(_core.AppliedIndex);
    }

    private void HandToApply(ReadOnlySpan<Entry> entries)
    {
        if (entries.IsEmpty)
            return;

        bool areQuick = entries.Length <= ApplyLoop.MaxQuickEntries;
        foreach (ref readonly Entry entry in entries)
        {
            areQuick = areQuick && _apply.IsQuick(entry);
            _apply.Enqueue(new ApplyItem(entry, ResolveProposal(entry), IsQuick: areQuick));
        }

        // A few that take no time are applied on this thread, after this turn: waking another would take longer.
        if (areQuick)
            _apply.Signal.Offer();
        else
            _apply.Signal.Set();
    }

    private void Persist(Ready ready, long now)
    {
        if (ready.EndsDoubt)
            Log.DoubtEnded(_logger, _options.NodeId, _core.LastEntry);
        if (!ready.HasAppend)
            return;

        if (!ready.MustSync && ready.MessagesAfterAppend.IsEmpty)
        {
            // A commit index alone promises nothing. It goes with the next batch or the next tick: else each write
            // would wake the log's thread twice.
            _commitToPersist = ready.HardState;
            return;
        }

        StorageBatch batch = _idleBatches.TryPop(out StorageBatch? idle) ? idle : new StorageBatch();
        batch.CopyFrom(ready, _commitToPersist);
        _commitToPersist = null;
        if (_restoring.Count > 0)
        {
            foreach (ref readonly Entry entry in batch.Entries)
                _bytesWhileRestoring += entry.Payload.Length + ApplyLoop.EntryOverhead;
        }

        Submit(batch, now);
    }

    /// <summary>Writes a commit index that found no batch to go with.</summary>
    private void PersistCommit(long now)
    {
        if (_commitToPersist is null || _batchesInFlight == StorageLoop.MaxBatches)
            return;

        StorageBatch batch = _idleBatches.TryPop(out StorageBatch? idle) ? idle : new StorageBatch();
        batch.HardState = _commitToPersist;
        _commitToPersist = null;
        Submit(batch, now);
    }

    private void Submit(StorageBatch batch, long now)
    {
        batch.PurgeThrough = _purgeThrough;
        _purgeThrough = default;
        if (_batchesInFlight++ == 0)
            _oldestBatchSince = now;

        // A few entries from a leader are written by the thread that brought them, if it has nothing else to do. What
        // is proposed here goes to the log's own: its caller may have more to propose, for the same sync.
        bool canWait = _core.Role is not RaftRole.Leader && batch.Entries.Length <= FewCallers
            && batch.Snapshot is null && batch.PurgeThrough.IsZero;
        bool accepted = _storage.TryEnqueue(batch, canWait);
        Invariant.Check(accepted, "The storage queue has a place for each batch in flight.");
    }

    private void Send(in Message message)
    {
        if (message.Kind is MessageKind.Snapshot)
        {
            if (!_transfer.TryEnqueue(message))
                Report(new SnapshotEvent(SentTo: message.To));
        }
        else if (!_transport.TrySend(message) && message.Kind is MessageKind.Append)
        {
            // Not now: the core is in the middle of handing out. Its next turn probes instead of streaming on.
            TryEnqueue(new Inbound(default, Unreachable: message.To));
        }
    }

    /// <summary>
    /// Takes what became durable: the core hears its own votes and acknowledgements, as from any member.
    /// </summary>
    private bool TakeDurable()
    {
        ReadOnlySpan<StorageBatch> batches = _storage.DrainDone();
        foreach (StorageBatch batch in batches)
        {
            foreach (ref readonly Message message in batch.Messages)
            {
                if (message.To == _options.NodeId)
                    _core.Step(message);
            }

            if (batch.Snapshot is not null)
                RestoreState(batch.Snapshot, batch.Ack);
            else if (batch.HasAppend)
                _core.OnAppended(batch.Ack);

            batch.Clear();
            _idleBatches.Push(batch);
            _batchesInFlight--;
            _oldestBatchSince = _clock();
        }

        return !batches.IsEmpty;
    }

    private bool TakeApplied()
    {
        ReadOnlySpan<Applied> all = _apply.DrainDone();
        foreach (ref readonly Applied applied in all)
        {
            if (applied.MembershipEntry is { } entry)
                _core.ApplyMembership(entry);

            if (applied.Capture is not null)
                Save(applied.Last, applied.Capture);
            else if (applied.Restored)
            {
                _core.OnAppended(_restoring.Dequeue());
                _bytesWhileRestoring = 0;
            }
            else if (applied.Last.Index > _core.AppliedIndex)
                _core.OnApplied(applied.Last.Index);

            if (applied.MembershipEntry is not null)
                AdvanceMembershipChange();
        }

        if (all.IsEmpty)
            return false;

        _reads.Complete(_core.AppliedIndex);
        // Before what it releases: a block that is not kept is given back when it is released.
        _blocks.KeepsFew = _core.IsOnlyMember;
        _core.CompactIfAlone();
        SnapshotIfDue();
        return true;
    }

    private bool TakeSnapshotEvents()
    {
        ReadOnlySpan<SnapshotEvent> events = _snapshotEvents.Drain();
        foreach (ref readonly SnapshotEvent happened in events)
        {
            if (happened.Saved is not null)
                OnSnapshotSaved(happened.Saved, happened.SavedBytes);
            else if (happened.SaveFailure is not null)
                OnSnapshotFailed(happened.SaveFailure);
            else if (happened.Received is { } message)
                _core.Step(message);
            else
                _core.ReportSnapshot(happened.SentTo, happened.Succeeded);
        }

        return !events.IsEmpty;
    }
}
