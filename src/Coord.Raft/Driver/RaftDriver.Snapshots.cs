using Coord.Raft.Core;
using Coord.Raft.Diagnostics;

namespace Coord.Raft.Driver;

/// <content>When to take a snapshot, and what of the log may go after it.</content>
internal sealed partial class RaftDriver
{
    // What is written again without regret: a state of this size costs less than the entries that made it due.
    private const long CheapStateBytes = 16L << 20;

    private LogIndex _snapshotIndex;
    private LogIndex _purgeThrough;
    private bool _snapshotting;
    private long _stateBytes;
    private long _bytesSinceSnapshot;

    // The acknowledgements of installed snapshots, until the state machine holds what they stand for.
    private readonly Queue<AppendAck> _restoring = new();

    // What came in meanwhile, and can only be handed to the state machine when it holds the snapshot.
    private long _bytesWhileRestoring;

    /// <summary>Lets the state machine load a snapshot whose place in the log is durable.</summary>
    /// <remarks>
    /// The core counts a snapshot as applied when it is acknowledged. That has to wait for the state machine: a read
    /// would otherwise be answered from the state before.
    /// </remarks>
    private void RestoreState(SnapshotMetadata snapshot, in AppendAck ack)
    {
        _restoring.Enqueue(ack);
        _apply.Enqueue(new ApplyItem(default, Restore: snapshot));
        _apply.Signal.Set();
    }

    private void SnapshotIfDue()
    {
        long entries = _core.AppliedIndex - _snapshotIndex;
        if (_snapshotting || (entries < _options.SnapshotEntries && _bytesSinceSnapshot < _options.SnapshotBytes))
            return;

        // A large state is not written again for every little: a quarter of it has to have come in since.
        if (_bytesSinceSnapshot < Math.Min((_stateBytes - CheapStateBytes) / 4, 4 * _options.SnapshotBytes))
            return;

        // A member that was removed and may yet be needed would forget how it was a member.
        if (entries <= 0 || _core.DefersSnapshots)
            return;

        _snapshotting = true;
        _bytesSinceSnapshot = 0;
        _apply.Enqueue(new ApplyItem(default, Capture: true));
        _apply.Signal.Set();
    }

    private void Save(EntryId last, StateCapture capture)
    {
        if (_core.FirstIndex <= last.Index.Next)
        {
            _save.Enqueue(new SnapshotMetadata(last, _core.Membership), capture);
            return;
        }

        // A received snapshot has overtaken it, and the membership in effect is already that snapshot's.
        capture.Dispose();
        _snapshotting = false;
    }

    private void OnSnapshotSaved(SnapshotMetadata saved, long stateBytes)
    {
        _snapshotting = false;
        _stateBytes = stateBytes;
        _snapshotIndex = LogIndex.Max(_snapshotIndex, saved.LastIncluded.Index);
        _core.OnSnapshotSaved(saved);

        // Followers that lag a little are caught up from the log; a whole snapshot for each of them would cost more.
        LogIndex through = _core.TrailingStart(
            saved.LastIncluded.Index, _options.TrailingEntries, _options.SnapshotBytes / 4);
        if (through < _core.FirstIndex)
            return;

        _core.CompactTo(through);
        _purgeThrough = through;
        Log.Compacted(_logger, saved.LastIncluded, through);
    }

    private void OnSnapshotFailed(Exception failure)
    {
        // The log stays whole, so nothing is lost; the next attempt waits for as many entries again.
        _snapshotting = false;
        _snapshotIndex = _core.AppliedIndex;
        Log.SnapshotFailed(_logger, failure);
    }
}
