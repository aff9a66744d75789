using Coord.Raft;
using Coord.Raft.Core;

namespace Coord.Simulation.Invariants;

/// <summary>What one process of a member looked like after its last turn.</summary>
internal sealed class NodeView
{
    public LogView Log { get; } = new();

    public Term Term { get; private set; }

    public NodeId Vote { get; private set; }

    public RaftRole Role { get; private set; }

    public LogIndex Commit { get; private set; }

    public LogIndex Applied { get; private set; }

    public Membership Membership { get; private set; } = Membership.Empty;

    public void Follow(RaftCore core)
    {
        HardState hardState = core.HardState;
        (Term, Vote, Commit) = (hardState.Term, hardState.Vote, hardState.Commit);
        (Role, Applied, Membership) = (core.Role, core.AppliedIndex, core.DecidingMembership);
    }
}
