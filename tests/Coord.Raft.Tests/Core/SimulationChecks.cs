using Coord.Raft.Core;

namespace Coord.Raft.Tests.Core;

/// <summary>Raft, Figure 3, and what clients were promised: checked after each step of a simulation.</summary>
internal sealed class SimulationChecks(SimulatedCluster cluster)
{
    private readonly Dictionary<Term, NodeId> _leaders = [];
    private readonly Dictionary<EntryId, ulong> _entries = [];
    private readonly Dictionary<LogIndex, EntryId> _committed = [];
    private readonly Dictionary<NodeId, Sight> _seen = [];

    private readonly Dictionary<(NodeId, ulong), LogIndex> _reads = [];

    /// <summary>Gets the highest index that any node knows to be committed.</summary>
    public LogIndex Committed { get; private set; }

    public int Elections => _leaders.Count;

    public int ReadsConfirmed { get; private set; }

    public int Snapshots { get; private set; }

    public int LostEnds { get; private set; }

    public void OnReadRequested(NodeId node, ulong context) => _reads[(node, context)] = Committed;

    /// <summary>Linearizable reads: whatever was committed anywhere before the request is visible to it.</summary>
    public void OnRead(NodeId node, ReadState read)
    {
        if (!_reads.Remove((node, read.Context), out LogIndex atRequest))
            return; // A duplicate, or of an earlier life of the node.
        ReadsConfirmed++;
        Assert.True(read.Index >= atRequest, $"{node} may read at {read.Index}, but {atRequest} was committed before.");
    }

    /// <summary>Log matching: an id names one entry, whoever holds it.</summary>
    public void OnEntry(in Entry entry)
    {
        ulong digest = Digest(entry);
        if (_entries.TryGetValue(entry.Id, out ulong known))
            Assert.True(known == digest, $"Two entries are called {entry.Id}.");
        else
            _entries.Add(entry.Id, digest);
    }

    /// <summary>State machine safety: the same entries are applied everywhere.</summary>
    public void OnApply(in Entry entry)
    {
        Assert.True(_committed.TryGetValue(entry.Index, out EntryId id), $"{entry.Id} is applied and not committed.");
        Assert.True(id == entry.Id, $"{entry.Id} is applied where {id} is committed.");
        OnEntry(entry);
    }

    public void OnSnapshot() => Snapshots++;

    public void OnLostEnd() => LostEnds++;

    /// <summary>Checks one node after it was moved.</summary>
    public void AfterStep(SimulatedNode node)
    {
        RaftCore core = node.Core;
        if (_seen.TryGetValue(node.Id, out Sight before) && ReferenceEquals(before.Core, core))
        {
            Assert.True(core.Term >= before.Term, $"The term of {node.Id} went back.");
            Assert.True(core.Term > before.Term || before.Vote.IsNone || core.HardState.Vote == before.Vote,
                $"{node.Id} took back its vote in {core.Term}.");
            Assert.True(core.CommitIndex >= before.Commit, $"The commit index of {node.Id} went back.");
            Assert.True(core.AppliedIndex >= before.Applied, $"The applied index of {node.Id} went back.");
        }

        bool newCommit = before.Core != core || core.CommitIndex > before.Commit;
        if (newCommit)
            CheckCommitted(node, before.Membership ?? core.DecidingMembership);
        _seen[node.Id] = new Sight(
            core, core.Term, core.HardState.Vote, core.CommitIndex, core.AppliedIndex, core.DecidingMembership);
        if (core.Role is RaftRole.Leader)
            CheckLeader(node);
    }

    private void CheckCommitted(SimulatedNode node, Membership before)
    {
        RaftCore core = node.Core;
        if (core.Role is RaftRole.Leader)
            CheckQuorum(node, core.CommitIndex, before);
        foreach (Entry entry in core.EntriesForTests().Span)
        {
            if (entry.Index > core.CommitIndex)
                break;
            if (_committed.TryGetValue(entry.Index, out EntryId known))
                Assert.True(known == entry.Id, $"{node.Id} committed {entry.Id}, others {known}.");
            else
                _committed.Add(entry.Index, entry.Id);
        }

        Committed = LogIndex.Max(Committed, core.CommitIndex);
    }

    /// <summary>Commit counts disks: a quorum of them holds the entry at the moment of the commit.</summary>
    private void CheckQuorum(SimulatedNode leader, LogIndex index, Membership before)
    {
        if (index < leader.Core.FirstIndex)
            return;
        EntryId id = leader.Core.EntriesForTests().Span[(int)(index - leader.Core.FirstIndex)].Id;
        // The commit itself may bring the next membership into effect.
        Assert.True(IsHeld(leader.Core.DecidingMembership) || IsHeld(before),
            $"{leader.Id} committed {id}, which too few hold of {leader.Core.DecidingMembership}.");

        bool IsHeld(Membership membership) => new[] { membership.Voters, membership.VotersOutgoing }.All(half =>
            half.IsEmpty || half.Count(voter => cluster[voter].Disk.Holds(id)) > half.Length / 2);
    }

    private void CheckLeader(SimulatedNode node)
    {
        RaftCore core = node.Core;
        if (_leaders.TryGetValue(core.Term, out NodeId leader))
        {
            Assert.True(leader == node.Id, $"{leader} and {node.Id} lead {core.Term}.");
            return;
        }

        _leaders.Add(core.Term, node.Id);
        // Leader completeness: at its election the leader holds all that was committed in earlier terms.
        ReadOnlySpan<Entry> entries = core.EntriesForTests().Span;
        for (LogIndex i = core.FirstIndex; i <= Committed; i = i.Next)
        {
            int place = (int)(i - core.FirstIndex);
            if (!_committed.TryGetValue(i, out EntryId id) || id.Term >= core.Term)
                continue;
            Assert.True(place < entries.Length && entries[place].Id == id,
                $"{node.Id} leads {core.Term} without {id}, which is committed.");
        }
    }

    private static ulong Digest(in Entry entry)
    {
        ulong digest = 14695981039346656037 ^ (ulong)entry.Kind;
        foreach (byte value in entry.Payload.Span)
            digest = (digest ^ value) * 1099511628211;
        return digest;
    }

    private readonly record struct Sight(
        RaftCore Core, Term Term, NodeId Vote, LogIndex Commit, LogIndex Applied, Membership? Membership);
}
