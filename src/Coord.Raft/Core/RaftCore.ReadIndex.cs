using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>Linearizable reads: a confirmed read index, or a lease (thesis §6.4).</summary>
/// <remarks>
/// A round is one broadcast of heartbeats that carries the round's number, which this core never uses again. A quorum
/// that answered a round proves that nobody else led when it was sent, for every read that was waiting then. Because
/// each member's latest answered round is kept, confirming is the same computation as committing.
/// </remarks>
internal sealed partial class RaftCore
{
    // Each waiting read could start a round; more in flight would only multiply the heartbeats.
    private const int MaxRoundsInFlight = 4;
    private const int RememberedRounds = 64;

    private readonly Queue<PendingRead> _reads = new(64);
    private readonly long[] _roundSentAt = new long[RememberedRounds];
    private long _round;
    private long _confirmedRound;
    private bool _roundWanted;
    private long _leaseStart;
    private bool _hasLease;
    private bool _leaseForbidden;

    /// <summary>Asks for a read index. A <see cref="ReadState"/> with the context follows, or nothing.</summary>
    /// <param name="context">Names the request; unique among those that wait.</param>
    /// <returns>False if no leader is known or reads are refused now; try again later.</returns>
    /// <remarks>
    /// Nothing follows if the leader changes or a message is lost: the caller asks again after a while. The answer may
    /// only be used after applying its index.
    /// </remarks>
    public bool ReadIndex(ulong context)
    {
        AssertInvariants();
        bool accepted;
        if (_role is RaftRole.Leader)
        {
            accepted = LeaderRead(_id, context);
        }
        else
        {
            accepted = !_leader.IsNone;
            if (accepted)
                _messages.Add(NewMessage(_leader, MessageKind.ReadIndex) with { Context = context });
        }

        AssertInvariants();
        return accepted;
    }

    private bool IsRoundDue => _roundWanted && _round - _confirmedRound < MaxRoundsInFlight;

    private bool LeaderRead(NodeId from, ulong context)
    {
        // A leader that hands over may be deposed by a campaign that no lease and no stickiness holds up.
        if (!_transferTarget.IsNone || _reads.Count >= _options.MaxPendingReads)
            return false;
        if (!HasCommittedInTerm() && !Mutants.ReadBeforeOwnCommit)
        {
            // Raft §8: before that it does not know what its predecessor committed.
            _reads.Enqueue(new PendingRead(from, context, default, Round: 0));
        }
        else if (Mutants.ReadWithoutRound || IsDecidingAlone() || HasLease())
        {
            Answer(from, context, _log.Committed);
        }
        else
        {
            EnqueueRead(from, context);
        }

        return true;
    }

    private void EnqueueRead(NodeId from, ulong context)
    {
        // A round that is under way was perhaps sent before this read arrived, so it proves nothing for it.
        long round = Mutants.RunningRoundConfirms && _round > _confirmedRound ? _round : _round + 1;
        _reads.Enqueue(new PendingRead(from, context, _log.Committed, round));
        _roundWanted = true;
    }

    private void ReleaseEarlyReads()
    {
        if (!HasCommittedInTerm())
            return;
        for (int early = _reads.Count; early > 0 && _reads.Peek().Round == 0; early--)
        {
            PendingRead read = _reads.Dequeue();
            if (IsDecidingAlone())
                Answer(read.From, read.Context, _log.Committed);
            else
                EnqueueRead(read.From, read.Context);
        }
    }

    /// <summary>Starts a round for the reads that wait, if one is due.</summary>
    private void FlushReads()
    {
        if (_role is not RaftRole.Leader || !IsRoundDue)
            return;
        StartRound();
        foreach (Progress progress in _tracker.Members)
        {
            if (progress.Id != _id && (progress.IsVoter || progress.IsVoterOutgoing))
                SendHeartbeat(progress);
        }
    }

    private void StartReadRoundOnHeartbeat()
    {
        // Answers to heartbeats that are sent anyway also carry the lease on.
        if (_roundWanted || _options.LeaseReads)
            StartRound();
    }

    private void StartRound()
    {
        _round++;
        _roundWanted = false;
        _roundSentAt[_round % RememberedRounds] = Now;
    }

    private void OnRoundAnswered(Progress progress, ulong context)
    {
        if (context == 0 || context > (ulong)_round)
            return;
        progress.AckedRound = Math.Max(progress.AckedRound, (long)context);
        ConfirmRounds();
    }

    private void ConfirmRounds()
    {
        long confirmed = Math.Min(_tracker.ConfirmedRound(_id), _round);
        if (confirmed > _confirmedRound)
        {
            _confirmedRound = confirmed;
            if (_round - confirmed < RememberedRounds)
            {
                // Counted from the send: the members' promise begins somewhere between that and their answer.
                _leaseStart = Mutants.LeaseFromAnswer ? Now : _roundSentAt[confirmed % RememberedRounds];
                _hasLease = true;
            }
        }

        while (_reads.TryPeek(out PendingRead read) && read.Round != 0 && read.Round <= confirmed)
        {
            _reads.Dequeue();
            Answer(read.From, read.Context, read.Index);
        }
    }

    private void Answer(NodeId from, ulong context, LogIndex index)
    {
        Debug.Assert(_role is RaftRole.Leader, "Only a leader knows a read index.");
        Debug.Assert(HasCommittedInTerm(), "A leader that has not committed does not know the commit index.");
        if (from == _id)
        {
            _readStates.Add(new ReadState(context, index));
        }
        else
        {
            _messages.Add(NewMessage(from, MessageKind.ReadIndexResponse) with
            {
                Context = context,
                Log = new EntryId(default, index),
            });
        }
    }

    private bool IsDecidingAlone() => _tracker.IsSingleton && _tracker.Find(_id) is { IsVoter: true };

    /// <summary>
    /// Tells whether nobody else can have been elected, by the clock's declared bound (thesis §6.4.1).
    /// </summary>
    private bool HasLease() => HasLeaseAt(Now);

    /// <summary>The same, at a time that may be later than the last input; for tests.</summary>
    internal bool HasLeaseAt(long now)
    {
        if (!_options.LeaseReads || !_hasLease || (_leaseForbidden && !Mutants.LeaseDuringTransfer))
            return false;
        // A follower counts whole ticks, of which the first may be nearly over when the heartbeat arrives, and the
        // second short, to make up for a late one; and its clock may run faster than ours.
        long lease = _options.TickNanoseconds * (_options.ElectionTicks - 2) / 100 * (100 - _options.LeaseDriftPercent);
        return now - _leaseStart < (Mutants.LeaseTooLong ? 4 * lease : lease);
    }

    private void ResetReads()
    {
        // Round numbers go on: an answer to a round of an earlier leadership must not confirm a new one.
        _reads.Clear();
        _roundWanted = false;
        _confirmedRound = _round;
        _hasLease = false;
    }

    private readonly record struct PendingRead(NodeId From, ulong Context, LogIndex Index, long Round);
}
