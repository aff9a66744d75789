namespace Coord.Raft.Core;

/// <summary>Handing out what is to be done, and hearing what was done.</summary>
internal sealed partial class RaftCore
{
    /// <summary>Gets a value indicating whether <see cref="TakeReady"/> has anything to do.</summary>
    public bool HasReady =>
        _messages.Count > 0 || _messagesAfterAppend.Count > 0 || _readStates.Count > 0 ||
        _log.HasUnhanded || _log.HasCommitted ||
        (_log.PendingSnapshot is not null && !_log.PendingSnapshotHanded) ||
        HardState != _handedHardState || (_leader, _role) != _handedSoftState ||
        (_role is RaftRole.Leader && ((_replicationDue && !_options.EagerReplication) || IsRoundDue));

    /// <summary>Gets a value indicating whether events wait; they come with the next <see cref="Ready"/>.</summary>
    public bool HasEvents => _events.Count > 0;

    /// <summary>
    /// Takes what is to be done. It counts as handed out, and is valid until the core is next called.
    /// </summary>
    public Ready TakeReady()
    {
        AssertInvariants();
        FlushReplication();
        FlushReads();
        _ready.Clear();
        _ready.EndsDoubt = EndDoubtIfResolved();
        _ready.Exchange(ref _messages, ref _messagesAfterAppend, ref _readStates, ref _events);
        _selfAckAt = -1;

        HardState hardState = HardState;
        bool mustSync = (hardState.Term != _handedHardState.Term && !Mutants.TermUnsynced)
            || (hardState.Vote != _handedHardState.Vote && !Mutants.VoteUnsynced);
        Invariant.Check(hardState.Term >= _handedHardState.Term, "A term never goes back.");
        Invariant.Check(hardState.Commit >= _handedHardState.Commit, "The commit index never goes back.");
        if (hardState != _handedHardState)
            _ready.HardState = _handedHardState = hardState;
        if ((_leader, _role) != _handedSoftState)
            _ready.SoftState = _handedSoftState = (_leader, _role);
        if (_log.PendingSnapshot is not null && !_log.PendingSnapshotHanded)
        {
            _ready.Snapshot = _log.PendingSnapshot;
            _log.PendingSnapshotHanded = true;
        }

        _ready.Entries = _log.TakeUnhanded();
        _ready.CommittedEntries = _log.TakeCommitted(_options.MaxCommittedBytesPerReady);
        _ready.MustSync = mustSync || !_ready.Entries.IsEmpty || _ready.Snapshot is not null;
        _ready.AppendAck = new AppendAck(
            _term,
            _log.Durable < _log.Last.Index ? _log.Last : EntryId.Zero,
            _ready.Snapshot?.LastIncluded.Index ?? default);
        _log.EndBorrowing();
        AssertInvariants();
        return _ready;
    }

    /// <summary>Notes that a group and all before it are durable, after its messages were delivered.</summary>
    /// <param name="ack">What the group's <see cref="Ready"/> said to report.</param>
    public void OnAppended(in AppendAck ack)
    {
        AssertInvariants();
        if (!ack.SnapshotIndex.IsZero)
            _log.OnSnapshotInstalled(ack.SnapshotIndex);
        // Of an earlier term it may be about entries that were overwritten meanwhile and are, by chance, the same
        // again, while the overwriting is still on its way to the disk. The present term's first group says anew.
        if (ack.Term == _term || Mutants.LateDurabilityCounts)
            _log.OnDurable(ack.Last);
        AssertInvariants();
    }
}
