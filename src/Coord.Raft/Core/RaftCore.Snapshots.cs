namespace Coord.Raft.Core;

/// <summary>The core's part in snapshots: when one is needed, and what its end means (Raft §7).</summary>
internal sealed partial class RaftCore
{
    /// <summary>Gets a value indicating whether the cluster has no other member.</summary>
    public bool IsOnlyMember => _tracker.Members is [{ IsVoter: true } only] && only.Id == _id;

    /// <summary>
    /// Gets a value indicating whether a member waits for a snapshot that is newer than the newest there is.
    /// </summary>
    /// <remarks>
    /// A member that is alone keeps no applied entries in memory. One that joins it then needs what neither log nor
    /// snapshot has; the next snapshot ends this.
    /// </remarks>
    public bool WantsSnapshot { get; private set; }

    /// <summary>Notes a local snapshot that can be loaded and sent.</summary>
    public void OnSnapshotSaved(SnapshotMetadata snapshot)
    {
        Invariant.Check(snapshot.LastIncluded.Index <= _log.Applied, "A snapshot holds what was applied.");
        if (snapshot.LastIncluded.Index > _snapshot.LastIncluded.Index)
            _snapshot = snapshot;
        WantsSnapshot &= _snapshot.LastIncluded.Index < _log.Base.Index;
    }

    /// <summary>Finds the last entry to forget, so that some before a snapshot stay for members that lag.</summary>
    /// <param name="end">Where the snapshot ends; what is before the log is for nobody to keep.</param>
    /// <param name="maxEntries">How many entries stay at most.</param>
    /// <param name="maxBytes">How many bytes of payload.</param>
    public LogIndex TrailingStart(LogIndex end, int maxEntries, long maxBytes)
    {
        LogIndex through = LogIndex.Min(end, _log.Last.Index);
        for (; through >= FirstIndex && maxEntries > 0; maxEntries--)
        {
            maxBytes -= _log[through].Payload.Length;
            if (maxBytes < 0)
                break;
            through -= 1;
        }

        return through;
    }

    /// <summary>Forgets entries that a snapshot stands for.</summary>
    /// <param name="index">The last entry to forget; at or below the newest snapshot.</param>
    public void CompactTo(LogIndex index)
    {
        AssertInvariants();
        Invariant.Check(index <= _snapshot.LastIncluded.Index,
            "Entries are kept until a snapshot that can be loaded stands for them.");
        _log.CompactTo(index);
        AssertInvariants();
    }

    /// <summary>
    /// Forgets what is applied if there is no other member, since nobody will ask for it. It stays on disk.
    /// </summary>
    public void CompactIfAlone()
    {
        if (!IsOnlyMember || _log.PendingSnapshot is not null)
            return;

        _log.CompactTo(_log.Applied);
        AssertInvariants();
    }

    /// <summary>Reports how the sending of a snapshot ended; every order to send one ends with this.</summary>
    /// <param name="to">The receiver.</param>
    /// <param name="succeeded">Whether the receiver has it.</param>
    public void ReportSnapshot(NodeId to, bool succeeded)
    {
        AssertInvariants();
        if (!Mutants.SnapshotWaitsForEver && _role is RaftRole.Leader &&
            _tracker.Find(to) is { State: ProgressState.Snapshot } progress)
        {
            Report(RaftEventKind.SnapshotReported, to, progress.PendingSnapshot, succeeded ? 1 : 0);
            if (!succeeded)
                progress.ForgetSnapshot();
            progress.BecomeProbe();
            // The receiver still has to install it. Its answer, or a heartbeat's, goes on.
            progress.FlowPaused = true;
        }

        AssertInvariants();
    }

    /// <summary>Orders a snapshot for a member whose next entry is no longer in the log.</summary>
    private bool TrySendSnapshot(Progress progress)
    {
        // Nobody who is silent gets one: it would be in vain, and block the next.
        if (!progress.RecentActive || _snapshot.LastIncluded.Index.IsZero)
            return false;
        if (_snapshot.LastIncluded.Index < _log.Base.Index)
        {
            WantsSnapshot = true;
            return false;
        }

        Report(RaftEventKind.SnapshotNeeded, progress.Id, _snapshot.LastIncluded.Index);
        _messages.Add(NewMessage(progress.Id, MessageKind.Snapshot) with
        {
            Snapshot = _snapshot,
            Session = progress.Session,
        });
        progress.BecomeSnapshot(_snapshot.LastIncluded.Index);
        return true;
    }
}
