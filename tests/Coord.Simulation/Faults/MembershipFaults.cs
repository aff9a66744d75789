using System.Collections.Immutable;
using Coord.Raft;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Faults;

/// <summary>Adds and removes members and hands the leadership over, in the middle of everything else.</summary>
internal sealed class MembershipFaults(Cluster cluster)
{
    private const int MaxMembers = 7;
    private const int MaxMachines = 12;

    public void Inject(FaultKind kind, SimulatedProcess process, Chance chance)
    {
        Membership membership = process.Raft.Status.Membership;
        if (membership.Voters.IsEmpty)
            return;

        if (kind is FaultKind.Transfer)
            _ = TransferAsync(process, chance.Of(membership.Voters));
        else if (kind is FaultKind.Membership)
            _ = ChangeAsync(process, membership, Draw(membership, chance));
    }

    private MembershipTarget Draw(Membership membership, Chance chance)
    {
        MembershipTarget now = MembershipTarget.From(membership);
        int count = now.Voters.Length + now.Learners.Length;
        bool adds = cluster.Nodes.Count < MaxMachines && count < MaxMembers && chance.Next(2) == 0;
        if (adds)
        {
            SimulatedNode added = cluster.AddNode(joins: true);
            cluster.World.After(chance.LogUniform(Span.Millisecond, 5 * Span.Second), added.Start);
            MemberAddress address = new(added.Id, added.Name);
            return chance.Next(4) == 0
                ? now with { Learners = now.Learners.Add(address) } : now with { Voters = now.Voters.Add(address) };
        }

        // Never below two: a cluster of which the only member is gone is gone too.
        if (now.Voters.Length <= 2)
            return now;

        MemberAddress one = chance.Of(now.Voters);
        ImmutableArray<MemberAddress> others = now.Voters.Remove(one);
        return chance.Next(4) == 0
            ? now with { Voters = others, Learners = now.Learners.Add(one) } : now with { Voters = others };
    }

    private async Task ChangeAsync(SimulatedProcess process, Membership membership, MembershipTarget target)
    {
        string outcome = "done";
        try
        {
            await process.Raft.ChangeMembershipAsync(target, membership.Version).ConfigureAwait(false);
        }
        catch (CoordException exception)
        {
            outcome = exception.Message;
        }

        cluster.World.Trace.Add("admin", $"wanted {string.Join(' ', target.Voters)}: {outcome}");
    }

    private async Task TransferAsync(SimulatedProcess process, NodeId to)
    {
        string outcome = "done";
        try
        {
            await process.Raft.TransferLeadershipAsync(to).ConfigureAwait(false);
        }
        catch (CoordException exception)
        {
            outcome = exception.Message;
        }

        cluster.World.Trace.Add("admin", $"asked {process.Id} to hand over to {to}: {outcome}");
    }
}
