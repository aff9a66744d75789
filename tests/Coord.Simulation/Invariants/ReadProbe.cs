using Coord.Raft;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Invariants;

/// <summary>Asks members again and again how far they must have applied for a read, best old leaders.</summary>
/// <remarks>
/// What any member knew to be committed when a read was asked for may have been answered to somebody, so the read must
/// cover it. A client sees this only if it reads the right key at the right member in the right moment.
/// </remarks>
internal sealed class ReadProbe(Cluster cluster)
{
    private readonly Chance _chance = cluster.World.Chance.Fork("probe");
    private readonly Dictionary<SimulatedProcess, (Term Term, long Since)> _deposed = [];

    /// <summary>Asks until the run is over.</summary>
    public async Task RunAsync()
    {
        long election = Span.Of(cluster.Plan.ElectionTimeout);
        long interval = _chance.LogUniform(election / 20, 2 * election);
        while (true)
        {
            await cluster.World.DelayAsync(_chance.Between(1, 2 * interval)).ConfigureAwait(false);
            SimulatedProcess[] up = [.. cluster.Nodes.Where(node => node.IsUp).Select(node => node.Process!)];
            if (up.Length == 0)
                continue;

            SimulatedProcess[] leaders = [.. up.Where(process => process.Raft.Status.Role is RaftRole.Leader)];
            CheckDeposed(leaders);
            SimulatedProcess asked = leaders.Length > 0 && _chance.Next(4) > 0
                ? leaders.MinBy(process => process.Raft.Status.Term)! : _chance.Of(up);
            _ = AskAsync(asked);
        }
    }

    private async Task AskAsync(SimulatedProcess process)
    {
        LogIndex committed = cluster.Checks.Committed;
        long asked = cluster.World.Now;
        Membership? known = AllKnow(cluster.Checks.Newest) ? cluster.Checks.Newest : null;
        try
        {
            LogIndex index = await process.Raft.ReadBarrierAsync().ConfigureAwait(false);
            if (index < committed && !process.IsGone)
                cluster.World.Fail("stale read", $"{process.Id} reads at {index}, and {committed} was committed.");
            if (!cluster.Plan.LeaseReads && !process.IsGone && !IsConfirmed(known, asked))
                cluster.World.Fail("unconfirmed read", $"{process.Id} reads at {index}, and no quorum was asked.");
        }
        catch (Exception exception) when (exception is CoordException or ObjectDisposedException)
        {
            // Nobody confirmed it in time, or it has gone.
        }
    }

    /// <summary>Tells whether a leader's quorum has answered since; true where it is unclear whose.</summary>
    private bool IsConfirmed(Membership? known, long since)
    {
        Membership newest = cluster.Checks.Newest;
        bool isClear = newest.Version == known?.Version && !newest.IsJoint && AllKnow(newest);
        return !isClear || newest.Voters.IsEmpty
            || cluster.Checks.Said.IsAnyConfirmed(newest, cluster.Nodes.Select(node => node.Id), since);
    }

    /// <summary>Tells whether all members decide by a membership: a leader may still do so by the one before.</summary>
    private bool AllKnow(Membership membership) => cluster.Nodes.All(
        node => node.Process?.Raft.Runtime?.Driver.Core is not { } core
            || core.DecidingMembership.Version == membership.Version || !membership.Contains(node.Id));

    /// <summary>With check-quorum, who is no longer followed notices it within some election timeouts.</summary>
    private void CheckDeposed(SimulatedProcess[] leaders)
    {
        // Answers that are held back can make a leader believe in its quorum for as long.
        if (!cluster.Plan.CheckQuorum || cluster.Plan.Hoarding > 0 || cluster.Plan.Stragglers > 0)
            return;

        Term newest = leaders.Length > 0 ? leaders.Max(process => process.Raft.Status.Term) : default;
        foreach (SimulatedProcess process in leaders)
        {
            Term term = process.Raft.Status.Term;
            bool isDeposed = term < newest && !process.IsPaused;
            if (!isDeposed)
                _deposed.Remove(process);
            else if (!_deposed.TryGetValue(process, out (Term Term, long Since) known) || known.Term != term)
                _deposed[process] = (term, cluster.World.Now);
            else if (cluster.World.Now - known.Since > 8 * Span.Of(cluster.Plan.ElectionTimeout))
                cluster.World.Fail("deposed leader", $"{process.Id} still leads {term}, for long beside {newest}.");
        }
    }
}
