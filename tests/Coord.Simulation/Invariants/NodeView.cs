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

    public NodeId TransferTarget { get; private set; }

    public EntryId LogBase { get; private set; }

    public EntryId LastEntry { get; private set; }

    /// <summary>Gets or sets where the last change of the membership is in the log, if it is known.</summary>
    public LogIndex LastChange { get; set; }

    /// <summary>Gets or sets where the log ended when the member was elected.</summary>
    public LogIndex Inherited { get; set; }

    /// <summary>Gets or sets its tick and the time when a leader had last heard of a quorum.</summary>
    public (long Tick, long Time) Heard { get; set; }

    /// <summary>Gets or sets the tick at which it began to hand over to the same member, or gave that up.</summary>
    public long TransferTick { get; set; }

    /// <summary>Gets the last tick.</summary>
    public long Tick { get; private set; }

    /// <summary>Gets how much of its log it takes for durable.</summary>
    public LogIndex Durable { get; private set; }

    /// <summary>Gets a value indicating whether it could not know what its log had lost.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>Gets or sets how many turns a leader has had.</summary>
    public int Turns { get; set; }

    public void Follow(RaftCore core)
    {
        HardState hardState = core.HardState;
        (Term, Vote, Commit) = (hardState.Term, hardState.Vote, hardState.Commit);
        (TransferTarget, LogBase, LastEntry) = (core.TransferTarget, core.LogBase, core.LastEntry);
        (Role, Applied, Membership) = (core.Role, core.AppliedIndex, core.DecidingMembership);
        (Durable, Tick) = (core.DurableIndex, core.Ticks);
        IsInDoubt = core.Doubt is not null;
    }
}
