using Coord.Raft;
using Coord.Raft.Core;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Invariants;

/// <summary>With pre-votes, who raises the term has a quorum's word for this attempt (thesis §9.6).</summary>
/// <remarks>
/// A pre-vote gives no right to anything. But who campaigns with those of an attempt that failed brings a higher term
/// to members that have a leader again, and deposes it.
/// </remarks>
internal sealed class CampaignChecks(Cluster cluster)
{
    private readonly Dictionary<SimulatedProcess, Attempt> _attempts = [];

    /// <summary>Is told of each message that leaves a member.</summary>
    public void OnSend(SimulatedProcess process, in Message message)
    {
        if (message.Kind is MessageKind.PreVote && cluster.Plan.PreVote)
            AttemptOf(process).IsNew = true;
    }

    /// <summary>Is told of each message that reaches a member, before it takes it.</summary>
    public void OnArrival(SimulatedProcess process, NodeId from, MessageKind kind, bool isRefusal)
    {
        if (!cluster.Plan.PreVote)
            return;
        if (kind is MessageKind.PreVoteResponse && !isRefusal)
            AttemptOf(process).Fresh.Add(from);
        else if (kind is MessageKind.TimeoutNow)
            AttemptOf(process).IsAskedFor = true;
    }

    /// <summary>Looks at a member after a turn.</summary>
    public void AfterTurn(SimulatedProcess process, RaftCore core, NodeView view)
    {
        if (!cluster.Plan.PreVote || !_attempts.TryGetValue(process, out Attempt? attempt))
            return;

        // What came before the attempt in the same turn is counted for it, as one cannot tell.
        if (attempt.IsNew)
            attempt.Granted.Clear();
        attempt.Granted.UnionWith(attempt.Fresh);
        bool isRaised = core.Role is RaftRole.Candidate && view.Role is RaftRole.PreCandidate
            && core.Term == view.Term.Next;
        if (isRaised && !attempt.IsAskedFor && !Conversation.HasQuorum(
            core.DecidingMembership, each => each == process.Id || attempt.Granted.Contains(each)))
        {
            string voters = string.Join(' ', attempt.Granted);
            cluster.World.Fail("campaign", $"{process.Id} campaigns in {core.Term} with the pre-votes of [{voters}].");
        }

        attempt.Fresh.Clear();
        (attempt.IsNew, attempt.IsAskedFor) = (false, false);
    }

    public void OnEnding(SimulatedProcess process) => _attempts.Remove(process);

    private Attempt AttemptOf(SimulatedProcess process)
    {
        if (!_attempts.TryGetValue(process, out Attempt? attempt))
            _attempts.Add(process, attempt = new());
        return attempt;
    }

    /// <summary>What a member has heard since it last asked for pre-votes.</summary>
    private sealed class Attempt
    {
        public SortedSet<NodeId> Granted { get; } = [];

        public SortedSet<NodeId> Fresh { get; } = [];

        public bool IsNew { get; set; }

        public bool IsAskedFor { get; set; }
    }
}
