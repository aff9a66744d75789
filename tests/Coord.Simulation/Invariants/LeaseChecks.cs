using Coord.Raft;
using Coord.Raft.Core;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Invariants;

/// <summary>A leader's lease is covered by votes that are held back (thesis §6.4.1): checked while it runs.</summary>
/// <remarks>
/// A stale read needs an old leader, a new one that has committed, and somebody who asks the old one in that moment.
/// That the lease is longer than the promises it rests on shows long before, and more often.
/// </remarks>
internal sealed class LeaseChecks(Cluster cluster)
{
    private const int TurnsBetweenLooks = 2;

    private int _turns;

    /// <summary>Looks at a leader after a turn.</summary>
    public void AfterTurn(SimulatedProcess process, RaftCore core)
    {
        if (!cluster.Plan.LeaseReads || ++_turns % TurnsBetweenLooks != 0 || !HasLease(process, core))
            return;

        Membership voters = core.DecidingMembership;
        if (!Conversation.HasQuorum(voters, each => each == process.Id || HoldsVoteBack(each)))
            Fail($"{process.Id} has a lease in {core.Term}, and too few of {voters} hold their votes back for it.");
    }

    /// <summary>Looks at all others when somebody was elected.</summary>
    public void OnElected(SimulatedProcess elected, RaftCore core)
    {
        if (!cluster.Plan.LeaseReads)
            return;

        foreach (SimulatedNode node in cluster.Nodes)
        {
            if (node.Process is { IsGone: false } other && other != elected
                && other.Raft.Runtime?.Driver.Core is { Role: RaftRole.Leader } old && old.Term < core.Term
                && HasLease(other, old))
            {
                Fail($"{other.Id} has a lease in {old.Term}, and {elected.Id} is elected in {core.Term}.");
            }
        }
    }

    private static bool HasLease(SimulatedProcess process, RaftCore core) => core.HasLeaseAt(process.Clock.Local);

    /// <summary>Who is down does not vote, and returns with its vote held back.</summary>
    private bool HoldsVoteBack(NodeId member) =>
        cluster.Find(member)?.Process?.Raft.Runtime?.Driver.Core is not { } core || core.HoldsVoteBack;

    private void Fail(string message) => cluster.World.Fail("lease", message);
}
