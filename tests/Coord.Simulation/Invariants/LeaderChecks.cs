using Coord.Raft;
using Coord.Raft.Core;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Invariants;

/// <summary>What a member may do only under a condition: checked when done, whether or not harm comes of it.
/// </summary>
/// <remarks>
/// Most of these mistakes lose something only if two or three more things go wrong in the right order, which chance
/// seldom arranges. So the step is judged, and not only what comes of it.
/// </remarks>
internal sealed class LeaderChecks(
    Cluster cluster, EntryRegistry registry, Conversation said, Func<NodeId, EntryId> durableOf)
{
    private const int TurnsBetweenLooks = 4;

    /// <summary>Looks at a member after a turn, and after its log was followed.</summary>
    public void AfterTurn(SimulatedProcess process, RaftCore core, NodeView view)
    {
        if (core.Role is RaftRole.Candidate or RaftRole.PreCandidate && !core.Leader.IsNone)
            Fail("candidate", $"{process.Id} campaigns, and knows that {core.Leader} leads {core.Term}.");
        if (core.LogBase.Index != view.LogBase.Index
            && registry.FindCommitted(core.LogBase.Index) is { } known && known != core.LogBase)
        {
            Fail("log base", $"{process.Id} has a log after {core.LogBase}, and {known} is committed.");
        }

        if (core.Role is not RaftRole.Leader)
            return;

        bool hasLed = view.Role is RaftRole.Leader && view.Term == core.Term;
        if (hasLed && core.CommitIndex > view.Commit)
            CheckOwnTerm(process, core, view);
        if (hasLed && !core.TransferTarget.IsNone && core.TransferTarget == view.TransferTarget
            && core.LastEntry != view.LastEntry)
        {
            Fail("transfer", $"{process.Id} hands over to {core.TransferTarget}, and goes on from {view.LastEntry}.");
        }

        CheckPatience(process, core, view);
        CheckAcknowledged(process, core);
        if (!hasLed || core.CommitIndex > view.Commit || ++view.Turns % TurnsBetweenLooks == 0)
            CheckMatches(process, core, view);
    }

    /// <summary>One change of the membership at a time, whoever began it (raft.md 40, 43).</summary>
    /// <param name="process">Who has a new change in its log.</param>
    /// <param name="core">Its state.</param>
    /// <param name="view">What it was before.</param>
    /// <param name="change">The change.</param>
    public void OnChange(SimulatedProcess process, RaftCore core, NodeView view, EntryId change)
    {
        LogIndex before = view.LastChange;
        view.LastChange = change.Index;
        if (core.Role is not RaftRole.Leader || change.Term != core.Term)
            return;
        if (core.AppliedIndex < view.Inherited)
        {
            Fail("one change", $"{process.Id} proposes {change}, has applied {core.AppliedIndex}, and inherited "
                + $"{view.Inherited}.");
        }

        if (before > core.CommitIndex)
            Fail("one change", $"{process.Id} proposes {change}; its change {before} is not committed.");
    }

    /// <summary>A vote goes to one whose log is not behind the voter's (Raft §5.4.1).</summary>
    public void OnVote(in Message vote, NodeView voter, NodeView? candidate)
    {
        // A log that has entries of the vote's term has them from that term's leader, after the vote.
        if (candidate is not { Role: RaftRole.Candidate } || candidate.Term != vote.Term
            || voter.Log.Last.Term >= vote.Term)
        {
            return;
        }

        if (!candidate.Log.Last.IsAtLeastAsUpToDateAs(voter.Log.Last))
            Fail("vote", $"{vote.From} has {voter.Log.Last}, and votes for {vote.To} with {candidate.Log.Last}.");
    }

    /// <summary>
    /// Nothing is waited for in vain: who hears no quorum steps down, and a transfer that fails is given up.
    /// </summary>
    private void CheckPatience(SimulatedProcess process, RaftCore core, NodeView view)
    {
        // Both are looked at once in an election timeout. Counted in ticks: one whose disk hangs has none.
        long patience = 2 * (long)(cluster.Plan.ElectionTimeout / cluster.Plan.HeartbeatInterval);
        bool isFirst = view.Role is not RaftRole.Leader || view.Term != core.Term;
        if (isFirst || core.TransferTarget != view.TransferTarget)
        {
            // A transfer gives it another election timeout.
            view.TransferTick = core.Ticks;
            view.Heard = (core.Ticks, cluster.World.Now);
        }

        if (core.Ticks == view.Tick)
            return;
        if (said.IsHeardByQuorum(process.Id, core.DecidingMembership, view.Heard.Time))
            view.Heard = (core.Ticks, cluster.World.Now);
        else if (cluster.Plan.CheckQuorum && core.Ticks > view.Heard.Tick + patience + 1)
            Fail("unheard", $"{process.Id} leads {core.Term}, and hears no quorum of {core.DecidingMembership}.");
        if (!core.TransferTarget.IsNone && core.Ticks > view.TransferTick + patience)
            Fail("transfer", $"{process.Id} still hands over to {core.TransferTarget}.");
    }

    /// <summary>Entries of earlier terms are committed with one of the own, not by counting (Raft §5.4.2).</summary>
    private void CheckOwnTerm(SimulatedProcess process, RaftCore core, NodeView view)
    {
        if (view.Log.TryGetTerm(core.CommitIndex, out Term term) && term != core.Term)
            Fail("commit by counting", $"{process.Id} leads {core.Term} and commits {core.CommitIndex} of {term}.");
    }

    /// <summary>What a leader counts as stored by a member is on that member's disk.</summary>
    private void CheckMatches(SimulatedProcess process, RaftCore core, NodeView view)
    {
        foreach (ProgressStatus progress in core.Status.Progress)
        {
            // Whoever is in a later term may have cut what he acknowledged in this one.
            if (progress.Match.IsZero || cluster.Find(progress.Id) is not { IsDamaged: false } node
                || node.Process?.Raft.Runtime is not { } runtime || runtime.Driver.Core.Term > core.Term)
            {
                continue;
            }

            if (!view.Log.TryGetTerm(progress.Match, out Term term))
                continue;
            EntryId id = new(term, progress.Match);
            EntryId durable = durableOf(progress.Id);
            if (!registry.IsHeldBy(durable, id))
            {
                string log = registry.Chain(durable, id.Index);
                Fail("match", $"{process.Id} counts {id} as stored by {progress.Id}, whose disk has {log}.");
            }
        }
    }

    /// <summary>A leader counts what was acknowledged to it, in its term, by members that are still the same.</summary>
    private void CheckAcknowledged(SimulatedProcess process, RaftCore core)
    {
        foreach (Member member in core.DecidingMembership.Members)
        {
            LogIndex match = core.MatchOf(member.Id);
            if (member.Id == process.Id || match.IsZero)
                continue;

            LogIndex told = said.Acknowledged(core.Term, member.Id, member.AddedAt);
            if (told < match)
                Fail("match", $"{process.Id} counts {match} of {member.Id}, who told of {told} in {core.Term}.");
        }
    }

    private void Fail(string kind, string message) => cluster.World.Fail(kind, message);
}
