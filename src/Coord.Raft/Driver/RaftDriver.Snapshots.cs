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
    private long _nextWantedSnapshot;
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
        // A member that was removed and may yet be needed would forget how it was a member.
        if (_snapshotting || _core.DefersSnapshots || !(IsDue(entries) || IsWanted()))
            return;

        _snapshotting = true;
        _bytesSinceSnapshot = 0;
        _apply.Enqueue(new ApplyItem(default, Capture: true));
        _apply.Signal.Set();
    }

    private bool IsDue(long entries)
    {
        if (entries < _options.SnapshotEntries && _bytesSinceSnapshot < _options.SnapshotBytes)
            return false;

        // A large state is not written again for every little: a quarter of it has to have come in since.
        return entries > 0
            && _bytesSinceSnapshot >= Math.Min((_stateBytes - CheapStateBytes) / 4, 4 * _options.SnapshotBytes);
    }

    /// <summary>Says whether a member waits for a snapshot; after one that failed it waits a little longer.</summary>
    private bool IsWanted() => _core.WantsSnapshot && _clock() >= _nextWantedSnapshot;

    private void Save(EntryId last, StateCapture capture)
    {
        if (_core.Snapshot.LastIncluded.Index <= last.Index)
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
        LogIndex before = _core.Snapshot.LastIncluded.Index;
        _core.OnSnapshotSaved(saved);
        LogIndex through = before;

        // Who is alone has nothing of it in memory; its disk keeps what the snapshot before needs, should this one turn
        // out to be damaged: no other member could help.
        if (_core.FirstIndex <= saved.LastIncluded.Index)
        {
            // Followers that lag a little are caught up from the log; a snapshot for each of them would cost more.
            through = _core.TrailingStart(
                saved.LastIncluded.Index, _options.TrailingEntries, _options.SnapshotBytes / 4);
            if (through < _core.FirstIndex)
                return;

            _core.CompactTo(through);
        }

        _purgeThrough = through;
        Log.Compacted(_logger, saved.LastIncluded, through);
    }

    private void OnSnapshotFailed(Exception failure)
    {
        // The log stays whole, so nothing is lost; the next attempt waits for as many entries again.
        _snapshotting = false;
        _snapshotIndex = _core.AppliedIndex;
        _nextWantedSnapshot = _clock() + (long)(10 * _options.ElectionTimeout).TotalNanoseconds;
        Log.SnapshotFailed(_logger, failure);
    }
}
