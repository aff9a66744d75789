using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>Elections: timeouts, pre-votes, votes, and what a change of role resets (Raft §5.2, thesis §9.6).</summary>
internal sealed partial class RaftCore
{
    // Marks the campaign of a leadership transfer, which the present leader wants (thesis §4.2.3).
    private const ulong TransferCampaign = 1;

    private SplitMix _chance;
    private int _electionElapsed;
    private int _heartbeatElapsed;
    private int _electionTimeout;

    // Ticks for which no vote is given, because a leader may rest a lease on that.
    private int _voteHold;

    /// <summary>Campaigns now, if this node may.</summary>
    public void Campaign()
    {
        AssertInvariants();
        if (MayCampaign())
        {
            // A member that was removed must not disturb those that work by a higher term, so it always asks first.
            bool returning = ReturnIfRemoved();
            Campaign(_options.PreVote || returning ? MessageKind.PreVote : MessageKind.Vote, CountsDoubt);
        }

        AssertInvariants();
    }

    /// <summary>
    /// Forgets who leads, so that the node grants votes at once. Its election timeout goes on. Does nothing on a leader
    /// or candidate, or where a lease rests on it.
    /// </summary>
    public void ForgetLeader()
    {
        if (_role is RaftRole.Follower && !_options.LeaseReads)
            _leader = default;
    }

    /// <summary>Sets the present election timeout, for tests that play a given schedule.</summary>
    /// <param name="ticks">The ticks without a leader after which the node campaigns.</param>
    internal void SetElectionTimeout(int ticks) => _electionTimeout = ticks;

    private static bool IsForced(in Message message) =>
        message.Kind is MessageKind.Vote && message.Context == TransferCampaign;

    private void TickElection()
    {
        _electionElapsed++;
        _silence++;
        TickDoubt();
        // Who may not campaign goes on counting: it must not take a silent leader for one that it hears.
        if (IsPromotable())
        {
            if (_electionElapsed < _electionTimeout && !IsAlone())
                return;
        }
        else if (_silence < _electionTimeout * ReturnDelay || !CanReturn())
        {
            return;
        }

        _electionElapsed = 0;
        _silence = 0;
        Campaign();
    }

    private void TickLeader()
    {
        _heartbeatElapsed++;
        _electionElapsed++;
        if (_electionElapsed >= _options.ElectionTicks)
        {
            _electionElapsed = 0;
            // One that was removed always looks. Those who know of the removal may not even talk to it any more, and
            // could elect nobody as long as it keeps the others, who do not know, from voting.
            bool looks = _options.CheckQuorum || (_options.StepDownOnRemoval && IsRemoved());
            if (looks && !Mutants.QuorumNeverChecked)
                CheckQuorum();
            // Thesis §3.10: a transfer that took an election timeout has failed; the leader goes on.
            if (_role is RaftRole.Leader && !_transferTarget.IsNone && !Mutants.TransferNeverEnds)
                AbortTransfer();
        }

        if (_role is not RaftRole.Leader)
            return;
        if (_heartbeatElapsed >= _options.HeartbeatTicks)
        {
            _heartbeatElapsed = 0;
            BroadcastHeartbeat();
        }

        LeaveJointIfDue();
    }

    /// <summary>Steps down if no quorum was heard in the last election timeout (thesis §6.2).</summary>
    private void CheckQuorum()
    {
        if (_tracker.Find(_id) is { } self)
            self.RecentActive = true;
        bool active = _tracker.IsQuorumActive();
        foreach (Progress progress in _tracker.Members)
            progress.RecentActive = progress.Id == _id;
        if (active)
            return;
        Report(RaftEventKind.QuorumLost);
        BecomeFollower(_term, default);
    }

    /// <summary>Tells whether this node decides alone, so that waiting for a leader is in vain.</summary>
    public bool IsAlone() =>
        _role is RaftRole.Follower && _tracker.IsSingleton && _tracker.Find(_id) is { IsVoter: true };

    /// <summary>Tells whether this node may lead at all.</summary>
    private bool IsPromotable() =>
        _tracker.Find(_id) is { IsLearner: false, IsWitness: false } && _log.PendingSnapshot is null;

    private bool MayCampaign()
    {
        if (_role is RaftRole.Leader)
            return false;
        // A committed membership that is not applied yet may name other voters; whoever wins by the old ones could
        // be a second leader beside the one that the new ones elect.
        if ((IsPromotable() || CanReturn()) && !_log.HasUnappliedMembership())
            return true;
        Report(RaftEventKind.CampaignRefused);
        return false;
    }

    private void Campaign(MessageKind kind, ulong context)
    {
        Term term;
        if (kind is MessageKind.PreVote)
        {
            BecomePreCandidate();
            term = _term.Next;
        }
        else
        {
            BecomeCandidate();
            term = _term;
        }

        foreach (Progress progress in _tracker.Members)
        {
            if (!progress.IsVoter && !progress.IsVoterOutgoing)
                continue;
            if (progress.Id == _id)
            {
                // The own vote counts like any other: when it is durable.
                MessageKind answer = kind is MessageKind.PreVote
                    ? MessageKind.PreVoteResponse
                    : MessageKind.VoteResponse;
                _messagesAfterAppend.Add(NewMessage(_id, answer) with { Term = term, Context = VoteContext });
            }
            else
            {
                _messages.Add(NewMessage(progress.Id, kind) with { Term = term, Log = _log.Last, Context = context });
            }
        }
    }

    private void StepVote(in Message request)
    {
        bool preVote = request.Kind is MessageKind.PreVote;
        if (!IsForced(request) && _voteHold > 0)
        {
            Report(RaftEventKind.VoteIgnored, request.From);
            return;
        }

        // Raft §5.2: one vote a term, first come first served. Repeating a vote is safe, and needed: the first reply
        // may have been lost. A learner votes too: it may have been promoted and not know it yet.
        bool canVote = Mutants.VotesTwice || _vote == request.From ||
            (_vote.IsNone && _termLeader.IsNone && _leader.IsNone) ||
            (preVote && request.Term > _term);
        MessageKind kind = preVote ? MessageKind.PreVoteResponse : MessageKind.VoteResponse;
        // Raft §5.4.1: a candidate whose log is behind ours may lack a committed entry.
        if (canVote && MayGrant(request) && IsUpToDate(request.Log))
        {
            Report(RaftEventKind.VoteGranted, request.From);
            // A pre-vote is granted for the term it asks about, which this node has not entered.
            _messagesAfterAppend.Add(Reply(request, kind) with { Term = request.Term, Context = VoteContext });
            if (preVote)
                return;
            Debug.Assert(request.Term == _term, "A vote is of the present term.");
            Debug.Assert(_vote.IsNone || _vote == request.From, "A vote is given once in a term.");
            _electionElapsed = 0;
            _vote = request.From;
        }
        else
        {
            Report(RaftEventKind.VoteRefused, request.From);
            _messagesAfterAppend.Add(Reply(request, kind) with { Reject = true });
        }
    }

    private bool IsUpToDate(EntryId last) =>
        last.IsAtLeastAsUpToDateAs(_log.Last) || Mutants.UpToDateUnchecked ||
        (Mutants.UpToDateByIndexFirst && last.Index > _log.Last.Index);

    private void StepVoteResponse(in Message response)
    {
        bool preVote = response.Kind is MessageKind.PreVoteResponse;
        bool expected = preVote
            ? _role is RaftRole.PreCandidate && (response.Reject || response.Term == _term.Next)
            : _role is RaftRole.Candidate;
        if (!expected || _tracker.Find(response.From) is not { } voter)
        {
            Report(RaftEventKind.MessageIgnored, response.From, value: (long)response.Kind);
            return;
        }

        if (voter.Vote is null)
        {
            voter.Vote = Mutants.RefusalCountsAsVote || !response.Reject;
            voter.IsVoteInDoubt = response.Context == InDoubt;
        }

        voter.HeardAt = _tick;
        switch (_tracker.Votes())
        {
            case VoteResult.Won when preVote:
                Campaign(MessageKind.Vote, CountsDoubt);
                break;
            // A leader sends entries before they are on its own disk. If it forgot its term over that, it could lead
            // the same term once more, by the same votes, and call other entries by the same names.
            case VoteResult.Won when _tracker.Find(_id) is { Vote: null } && !Mutants.LeadsBeforeOwnVote:
                break;
            case VoteResult.Won:
                BecomeLeader();
                break;
            case VoteResult.Lost:
                // The vote of this term stays given: stepping down is no reason to vote again.
                BecomeFollower(_term, default);
                break;
        }
    }

    private bool HearsLeader() =>
        _voteHold > 0 ||
        (_options.CheckQuorum && !_leader.IsNone && _electionElapsed < _options.ElectionTicks);

    /// <summary>Takes a message of the present term's leader as such.</summary>
    private void FollowLeader(NodeId leader)
    {
        // Raft §5.2, election safety. Going on would let two histories commit, so the node stops instead.
        Invariant.Check(_role is not RaftRole.Leader && (_termLeader.IsNone || _termLeader == leader),
            "Two leaders in one term.");
        if (_role is not RaftRole.Follower && !Mutants.CandidateIgnoresLeader)
            BecomeFollower(_term, leader);
        if (_leader != leader)
            Report(RaftEventKind.LeaderKnown, leader);
        _leader = leader;
        _termLeader = leader;
        _electionElapsed = 0;
        _silence = 0;
        if (_options.LeaseReads)
            _voteHold = _options.ElectionTicks;
    }

    private void BecomeFollower(Term term, NodeId leader)
    {
        EndReturn();
        Reset(term);
        _role = RaftRole.Follower;
        _leader = leader;
        if (!leader.IsNone)
            _termLeader = leader;
        Report(RaftEventKind.BecameFollower, leader);
    }

    private void BecomePreCandidate()
    {
        Debug.Assert(_role is not RaftRole.Leader, "A leader does not campaign.");
        // Neither term nor vote changes: that is the point of it.
        if (!Mutants.PreVotesKept)
            _tracker.ResetVotes();
        _leader = default;
        _role = RaftRole.PreCandidate;
        ResetElectionTimeout();
        Report(RaftEventKind.BecamePreCandidate);
    }

    private void BecomeCandidate()
    {
        Debug.Assert(_role is not RaftRole.Leader, "A leader does not campaign.");
        Reset(_term.Next);
        _vote = _id;
        _role = RaftRole.Candidate;
        Report(RaftEventKind.BecameCandidate);
    }

    private void BecomeLeader()
    {
        Debug.Assert(_role is RaftRole.Candidate, "Only a candidate wins.");
        Debug.Assert(_vote == _id, "A candidate votes for itself.");
        Reset(_term);
        _role = RaftRole.Leader;
        _leader = _id;
        _termLeader = _id;
        Report(RaftEventKind.BecameLeader, index: _log.Last.Index);
        if (_tracker.Find(_id) is { } self)
        {
            self.BecomeReplicate();
            self.RecentActive = true;
        }

        // Until all of this is applied, an unfinished change of the membership may hide in it.
        _lastInherited = Mutants.ChangeBeforeOwnLogApplied ? default : _log.Last.Index;
        _pendingMembership = Mutants.ChangeBeforeOwnLogApplied ? default : _log.Last.Index;
        _uncommittedBytes = _log.Bytes(_log.Committed, _log.Last.Index);
        // Raft §8: with an entry of its own term a leader can commit, and so learn what is committed.
        AppendAsLeader(new Entry(new EntryId(_term, _log.Last.Index.Next), EntryKind.Command, default));
        BroadcastAppend();
    }

    private void Reset(Term term)
    {
        Debug.Assert(term >= _term, "A term never goes back.");
        if (term != _term)
        {
            _term = term;
            _vote = default;
            _termLeader = default;
        }

        _leader = default;
        _electionElapsed = 0;
        _heartbeatElapsed = 0;
        ResetElectionTimeout();
        if (!_transferTarget.IsNone)
            AbortTransfer();
        _leaseForbidden = false;
        _pendingMembership = default;
        _lastInherited = default;
        _uncommittedBytes = 0;
        ResetReads();
        foreach (Progress progress in _tracker.Members)
        {
            // The own copy counts as far as it is durable; the rest is acknowledged like anybody's.
            progress.Reset(progress.Id == _id ? _log.Durable : default, _log.Last.Index.Next);
        }
    }

    private void ResetElectionTimeout()
    {
        // Raft §5.2: a random spread makes split votes rare. Priorities move or narrow the spread; they never make
        // two nodes' timeouts the same for sure.
        int ticks = _options.ElectionTicks;
        int priority = _options.Priority;
        int spread = priority > 0 ? Math.Max(1, ticks / (1 + priority)) : ticks;
        int delay = priority < 0 ? -priority * ticks : 0;
        _electionTimeout = ticks + delay + _chance.Next(spread);
    }
}
