namespace Coord.Raft;

/// <summary>Bugs planted on purpose, to prove that the simulator finds them; one is on at a time.</summary>
/// <remarks>
/// They exist in builds for the simulator alone. In all others each is a constant, and the compiler removes what
/// depends on it. A new one is a line in both lists, and a condition where it goes wrong.
/// </remarks>
internal static class Mutants
{
#if COORD_SIMULATION
    /// <summary>The storage loop answers for a batch and syncs it afterwards (raft.md, 1).</summary>
    public static bool AcknowledgeBeforeSync { get; private set; }

    /// <summary>A restarted member has voted for nobody (raft.md 11).</summary>
    public static bool VoteForgottenOnRestart { get; private set; }

    /// <summary>A vote in a term that is durable already leaves before it is durable itself (raft.md 1).</summary>
    public static bool VoteUnsynced { get; private set; }

    /// <summary>A later term is answered in before it is durable (raft.md 1).</summary>
    public static bool TermUnsynced { get; private set; }

    /// <summary>A candidate gets votes whatever its log holds (raft.md 13).</summary>
    public static bool UpToDateUnchecked { get; private set; }

    /// <summary>The longer log is the better one, whatever its terms (raft.md 13).</summary>
    public static bool UpToDateByIndexFirst { get; private set; }

    /// <summary>A member votes for everybody who asks (raft.md 12).</summary>
    public static bool VotesTwice { get; private set; }

    /// <summary>A candidate leads when others have elected it, and its own vote is not durable.</summary>
    public static bool LeadsBeforeOwnVote { get; private set; }

    /// <summary>A candidate counts every answer as a vote.</summary>
    public static bool RefusalCountsAsVote { get; private set; }

    /// <summary>A pre-candidate goes on with the votes of its last attempt (raft.md 17).</summary>
    public static bool PreVotesKept { get; private set; }

    /// <summary>A candidate takes entries of its term's leader and goes on campaigning (raft.md 20).</summary>
    public static bool CandidateIgnoresLeader { get; private set; }

    /// <summary>A leader that nobody answers goes on leading (check-quorum).</summary>
    public static bool QuorumNeverChecked { get; private set; }

    /// <summary>A leader does not hear of later terms.</summary>
    public static bool LeaderIgnoresHigherTerm { get; private set; }

    /// <summary>An acknowledgement of an earlier term counts in this one (raft.md 3).</summary>
    public static bool AckOfPastTermCounts { get; private set; }

    /// <summary>Entries of earlier terms are committed by counting (raft.md 23).</summary>
    public static bool OlderTermCommitsByCounting { get; private set; }

    /// <summary>What was sent counts as acknowledged.</summary>
    public static bool SentCountsAsStored { get; private set; }

    /// <summary>Heartbeats name a commit that the member may not hold (raft.md 27).</summary>
    public static bool HeartbeatCommitsBeyondMatch { get; private set; }

    /// <summary>Answers from before a member was removed and added again count (raft.md 30).</summary>
    public static bool FormerMembershipAnswers { get; private set; }

    /// <summary>Acknowledged appends stay in flight (raft.md 29).</summary>
    public static bool WindowNeverReopens { get; private set; }

    /// <summary>A snapshot counts as under way after its receiver died (raft.md 51).</summary>
    public static bool SnapshotWaitsForEver { get; private set; }

    /// <summary>The log grows while leadership is handed over (raft.md 50).</summary>
    public static bool ProposalsDuringTransfer { get; private set; }

    /// <summary>A transfer that failed is never given up (raft.md 49).</summary>
    public static bool TransferNeverEnds { get; private set; }

    /// <summary>Entries are appended to whatever is at the place before (raft.md 8).</summary>
    public static bool PreviousTermUnchecked { get; private set; }

    /// <summary>An append cuts what is behind it, also if it agrees (raft.md 26).</summary>
    public static bool EveryAppendTruncates { get; private set; }

    /// <summary>A follower takes the commit index also of an append that does not fit (raft.md 25).</summary>
    public static bool CommitBeyondVerified { get; private set; }

    /// <summary>A follower acknowledges what it has, instead of refusing what does not fit.</summary>
    public static bool UnverifiedAcknowledged { get; private set; }

    /// <summary>What was cut and written anew counts as durable at once (raft.md 3).</summary>
    public static bool CutStaysDurable { get; private set; }

    /// <summary>A report about overwritten entries counts for those in their places (raft.md 3).</summary>
    public static bool LateDurabilityCounts { get; private set; }

    /// <summary>A leader counts its own entries before its disk has them (raft.md 2).</summary>
    public static bool OwnCopyCountsUnsynced { get; private set; }

    /// <summary>The log forgets the term of the entry that a snapshot ends with.</summary>
    public static bool SnapshotTermLost { get; private set; }

    /// <summary>Two of four decide (raft.md 24).</summary>
    public static bool HalfIsAMajority { get; private set; }

    /// <summary>A leader answers reads before it has committed in its term (raft.md 34).</summary>
    public static bool ReadBeforeOwnCommit { get; private set; }

    /// <summary>A leader answers reads without asking whether it still leads (raft.md 36).</summary>
    public static bool ReadWithoutRound { get; private set; }

    /// <summary>A round that was sent before a read confirms it (raft.md 35).</summary>
    public static bool RunningRoundConfirms { get; private set; }

    /// <summary>A lease counts from the answer instead of the send (raft.md 37).</summary>
    public static bool LeaseFromAnswer { get; private set; }

    /// <summary>A lease is four times as long as the others wait (raft.md 37).</summary>
    public static bool LeaseTooLong { get; private set; }

    /// <summary>A lease goes on while leadership is handed over (raft.md 38).</summary>
    public static bool LeaseDuringTransfer { get; private set; }

    /// <summary>A read does not wait until its index is applied (raft.md 39).</summary>
    public static bool ReadBeforeApplied { get; private set; }

    /// <summary>A new leader changes the membership before it knows of changes in its log (raft.md 40).</summary>
    public static bool ChangeBeforeOwnLogApplied { get; private set; }

    /// <summary>A change is proposed while another is on its way (raft.md 43).</summary>
    public static bool TwoChangesPending { get; private set; }

    /// <summary>Nobody leaves a joint membership (raft.md 46).</summary>
    public static bool JointNeverLeft { get; private set; }

    /// <summary>A command that a session repeats is applied again (raft.md 33).</summary>
    public static bool RetryAppliedAgain { get; private set; }

    /// <summary>A snapshot gets its name before its content is durable (raft.md 7).</summary>
    public static bool SnapshotUnsynced { get; private set; }

    /// <summary>The name of a new segment is not made durable (raft.md 7).</summary>
    public static bool SegmentNameUnsynced { get; private set; }

    /// <summary>Recovery keeps entries that were cut.</summary>
    public static bool CutForgottenOnRecovery { get; private set; }

    /// <summary>The vote of a member that has lost the end of its log counts like any other.</summary>
    public static bool DoubtIgnored { get; private set; }

    /// <summary>Gets the names of all.</summary>
    public static IEnumerable<string> Names => typeof(Mutants).GetProperties()
        .Where(property => property.PropertyType == typeof(bool)).Select(property => property.Name);

    /// <summary>Turns the one of that name on and all others off; an unknown or empty name is none.</summary>
    public static void Activate(string name)
    {
        foreach (string each in Names)
            typeof(Mutants).GetProperty(each)!.SetValue(null, each == name);
    }
#else
    public const bool AcknowledgeBeforeSync = false;
    public const bool VoteForgottenOnRestart = false;
    public const bool VoteUnsynced = false;
    public const bool TermUnsynced = false;
    public const bool UpToDateUnchecked = false;
    public const bool UpToDateByIndexFirst = false;
    public const bool VotesTwice = false;
    public const bool LeadsBeforeOwnVote = false;
    public const bool RefusalCountsAsVote = false;
    public const bool PreVotesKept = false;
    public const bool CandidateIgnoresLeader = false;
    public const bool QuorumNeverChecked = false;
    public const bool LeaderIgnoresHigherTerm = false;
    public const bool AckOfPastTermCounts = false;
    public const bool OlderTermCommitsByCounting = false;
    public const bool SentCountsAsStored = false;
    public const bool HeartbeatCommitsBeyondMatch = false;
    public const bool FormerMembershipAnswers = false;
    public const bool WindowNeverReopens = false;
    public const bool SnapshotWaitsForEver = false;
    public const bool ProposalsDuringTransfer = false;
    public const bool TransferNeverEnds = false;
    public const bool PreviousTermUnchecked = false;
    public const bool EveryAppendTruncates = false;
    public const bool CommitBeyondVerified = false;
    public const bool UnverifiedAcknowledged = false;
    public const bool CutStaysDurable = false;
    public const bool LateDurabilityCounts = false;
    public const bool OwnCopyCountsUnsynced = false;
    public const bool SnapshotTermLost = false;
    public const bool HalfIsAMajority = false;
    public const bool ReadBeforeOwnCommit = false;
    public const bool ReadWithoutRound = false;
    public const bool RunningRoundConfirms = false;
    public const bool LeaseFromAnswer = false;
    public const bool LeaseTooLong = false;
    public const bool LeaseDuringTransfer = false;
    public const bool ReadBeforeApplied = false;
    public const bool ChangeBeforeOwnLogApplied = false;
    public const bool TwoChangesPending = false;
    public const bool JointNeverLeft = false;
    public const bool RetryAppliedAgain = false;
    public const bool SnapshotUnsynced = false;
    public const bool SegmentNameUnsynced = false;
    public const bool CutForgottenOnRecovery = false;
    public const bool DoubtIgnored = false;
#endif
}
