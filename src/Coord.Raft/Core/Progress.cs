using System.Diagnostics;

namespace Coord.Raft.Core;

/// <summary>
/// What a leader knows of one member, and how it sends to it. Owned by <see cref="ProgressTracker"/>.
/// </summary>
/// <remarks>
/// Always true: <see cref="Match"/> &lt; <see cref="Next"/>, and everything up to match is durable at the member.
/// </remarks>
internal sealed class Progress(NodeId id, LogIndex session, Inflights inflights)
{
    /// <summary>Gets the member's id.</summary>
    public NodeId Id { get; } = id;

    /// <summary>Gets the index of the entry that added the member; its answers name it.</summary>
    public LogIndex Session { get; } = session;

    /// <summary>Gets or sets a value indicating whether the member votes in the incoming half.</summary>
    public bool IsVoter { get; set; }

    /// <summary>Gets or sets a value indicating whether the member votes in the outgoing half.</summary>
    public bool IsVoterOutgoing { get; set; }

    /// <summary>Gets or sets a value indicating whether the member does not vote.</summary>
    public bool IsLearner { get; set; }

    /// <summary>Gets or sets a value indicating whether the member never leads.</summary>
    public bool IsWitness { get; set; }

    /// <summary>Gets or sets a value indicating whether the learner is to vote as soon as it can.</summary>
    public bool PromoteWhenCaughtUp { get; set; }

    /// <summary>Gets how entries are sent.</summary>
    public ProgressState State { get; private set; }

    /// <summary>Gets or sets the highest index known to be durable at the member.</summary>
    public LogIndex Match { get; set; }

    /// <summary>Gets or sets the next index to send.</summary>
    public LogIndex Next { get; set; }

    /// <summary>Gets the index of the snapshot under way, or zero.</summary>
    public LogIndex PendingSnapshot { get; private set; }

    /// <summary>Gets the highest commit index that the member will know once what was sent arrives.</summary>
    public LogIndex SentCommit { get; private set; }

    /// <summary>Gets or sets the highest commit index that the member has reported.</summary>
    public LogIndex KnownCommit { get; set; }

    /// <summary>Gets or sets the latest confirmation round that the member has answered.</summary>
    public long AckedRound { get; set; }

    /// <summary>Gets or sets a value indicating whether the member was heard since the last quorum check.</summary>
    public bool RecentActive { get; set; }

    /// <summary>Gets or sets the leader's tick at which the member was last heard.</summary>
    public long HeardAt { get; set; }

    /// <summary>Gets or sets a value indicating whether sending waits for any answer.</summary>
    public bool FlowPaused { get; set; }

    /// <summary>Gets or sets a value indicating whether an append is due, even an empty one.</summary>
    public bool WantsAppend { get; set; }

    /// <summary>Gets or sets the member's vote in the present election; null while it has not answered.</summary>
    public bool? Vote { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the vote counts only in company: see <see cref="LogDoubt"/>.
    /// </summary>
    public bool IsVoteInDoubt { get; set; }

    /// <summary>Gets what is in flight.</summary>
    public Inflights Inflights { get; } = inflights;

    /// <summary>Gets a value indicating whether nothing may be sent now.</summary>
    public bool IsPaused => State is ProgressState.Snapshot || FlowPaused;

    /// <summary>Forgets what an earlier leadership knew.</summary>
    public void Reset(LogIndex match, LogIndex next)
    {
        Debug.Assert(match < next, "What is known to be there is not sent again.");
        Enter(ProgressState.Probe);
        Match = match;
        Next = next;
        SentCommit = default;
        KnownCommit = default;
        AckedRound = 0;
        RecentActive = false;
        WantsAppend = false;
        Vote = null;
    }

    /// <summary>Sends one message at a time from now on, from where the member is known to be.</summary>
    public void BecomeProbe()
    {
        // After a snapshot the member is known to have had it, though it may not have said so yet.
        LogIndex next = State is ProgressState.Snapshot
            ? LogIndex.Max(Match.Next, PendingSnapshot.Next)
            : Match.Next;
        Enter(ProgressState.Probe);
        Next = next;
        SentCommit = LogIndex.Min(SentCommit, Next - 1);
    }

    /// <summary>Streams from now on.</summary>
    public void BecomeReplicate()
    {
        Enter(ProgressState.Replicate);
        Next = Match.Next;
    }

    /// <summary>Sends nothing until a snapshot has arrived.</summary>
    public void BecomeSnapshot(LogIndex snapshot)
    {
        Enter(ProgressState.Snapshot);
        PendingSnapshot = snapshot;
        Next = snapshot.Next;
        SentCommit = snapshot;
    }

    /// <summary>The snapshot did not arrive.</summary>
    public void ForgetSnapshot() => PendingSnapshot = default;

    /// <summary>Notes a sent append.</summary>
    public void OnSent(int entries, long bytes, LogIndex commit)
    {
        if (State is ProgressState.Replicate)
        {
            if (entries > 0)
            {
                Next += entries;
                Inflights.Add(Next - 1, bytes);
            }

            FlowPaused = Inflights.IsFull;
        }
        else if (entries > 0)
        {
            Debug.Assert(State is ProgressState.Probe, "Nothing is sent while a snapshot is under way.");
            FlowPaused = true;
        }

        SentCommit = commit;
    }

    /// <summary>Tells whether an empty append would tell the member of a newer commit index.</summary>
    public bool CanLearnCommit(LogIndex commit) => commit > SentCommit && SentCommit < Next - 1;

    /// <summary>Notes an acknowledgement.</summary>
    /// <returns>False if it says nothing new.</returns>
    public bool TryAdvance(LogIndex match)
    {
        // Acknowledgements may be repeated and reordered; match never goes back.
        if (match <= Match)
            return false;
        Match = match;
        Next = LogIndex.Max(Next, match.Next);
        FlowPaused = false;
        return true;
    }

    /// <summary>Notes a refusal.</summary>
    /// <param name="refused">The index before the refused entries.</param>
    /// <param name="hint">The last index where the logs may agree.</param>
    /// <returns>False if it is out of date.</returns>
    public bool TryBackOff(LogIndex refused, LogIndex hint)
    {
        if (State is ProgressState.Replicate)
        {
            if (refused <= Match)
                return false;
            Next = Match.Next;
        }
        else
        {
            // While probing one message is under way, so that only its refusal counts.
            if (Next - 1 != refused)
                return false;
            Next = LogIndex.Max(LogIndex.Min(refused, hint.Next), Match.Next);
        }

        SentCommit = LogIndex.Min(SentCommit, Next - 1);
        FlowPaused = false;
        return true;
    }

    private void Enter(ProgressState state)
    {
        State = state;
        FlowPaused = false;
        PendingSnapshot = default;
        Inflights.Clear();
    }
}
