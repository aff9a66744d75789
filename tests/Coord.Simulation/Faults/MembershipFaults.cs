using System.Collections.Immutable;
using Coord.Raft;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Faults;

/// <summary>Adds, removes and replaces members and hands the leadership over, in the middle of everything.</summary>
/// <remarks>
/// What is lost for good is bounded, so that a correct cluster can always go on: never more than a minority of the
/// voters, and not while the voters change.
/// </remarks>
internal sealed class MembershipFaults(Cluster cluster)
{
    private const int MaxMembers = 7;
    private const int MaxMachines = 12;

    private int _changesUnderWay;

    /// <summary>Gets a value indicating whether somebody waits for a change, which may still come.</summary>
    public bool IsChanging => _changesUnderWay > 0;

    private Membership Newest => cluster.Checks.Newest;

    private bool IsAnyLost => Newest.Voters.Any(IsLost);

    public void Inject(FaultKind kind, SimulatedProcess process, Chance chance)
    {
        Membership membership = process.Raft.Status.Membership;
        if (membership.Voters.IsEmpty)
            return;

        if (kind is FaultKind.Transfer)
            _ = TransferAsync(process, chance.Of(membership.Voters), returns: chance.OneIn(2));
        else if (kind is FaultKind.LostDisk && MayLose(process.Node))
            Replace(process.Node);
        else if (kind is FaultKind.Membership && !IsAnyLost)
        {
            // Often two at once, by administrators who do not know of each other: one of them is refused.
            for (int i = chance.Next(2); i >= 0; i--)
                _ = ChangeAsync(process, membership, DrawMany(membership, chance));
        }
    }

    /// <summary>Tells whether the cluster can do without what a member has on its disk.</summary>
    public bool MayLose(SimulatedNode node)
    {
        int lost = Newest.Voters.Count(voter => voter == node.Id || IsLost(voter));
        return _changesUnderWay == 0 && Newest.Voters.All(Knows)
            && !Newest.IsJoint && !cluster.Checks.HasPendingMembership
            && Newest.IsVoter(node.Id) && lost <= (Newest.Voters.Length - 1) / 2;
    }

    private bool IsLost(NodeId voter) => cluster.Find(voter) is { IsLost: true };

    /// <summary>
    /// Tells whether a voter decides by the newest membership, or is lost: a change takes effect when it is applied,
    /// and who does not know of it yet may need one for his election who is gone.
    /// </summary>
    private bool Knows(NodeId voter) =>
        cluster.Find(voter) is { IsRetired: true } || cluster.Find(voter)?.DecidesBy(Newest) == true;

    /// <summary>Gives a member up, and lets another take its place.</summary>
    public void Replace(SimulatedNode node)
    {
        node.Retire();
        _ = ReplaceAsync(node);
    }

    /// <summary>Draws one change, or several, which go through a joint membership.</summary>
    private MembershipTarget DrawMany(Membership membership, Chance chance)
    {
        MembershipTarget target = Draw(MembershipTarget.From(membership), chance);
        for (int i = chance.Next(3); i > 0; i--)
            target = Draw(target, chance);
        return target;
    }

    private MembershipTarget Draw(MembershipTarget now, Chance chance)
    {
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

    private async Task ReplaceAsync(SimulatedNode node)
    {
        SimulatedNode replacement = cluster.AddNode(joins: true);
        replacement.Start();
        while (Newest.Contains(node.Id))
        {
            await cluster.World.DelayAsync(Span.Second).ConfigureAwait(false);
            if (cluster.Leader is not { } leader || leader.Raft.Status.Membership is not { IsJoint: false } now)
                continue;

            MembershipTarget target = MembershipTarget.From(now);
            await ChangeAsync(leader, now, target with
            {
                Voters = [.. target.Voters.Where(member => member.Id != node.Id && member.Id != replacement.Id),
                    new MemberAddress(replacement.Id, replacement.Name)],
                Learners = [.. target.Learners.Where(member => member.Id != node.Id && member.Id != replacement.Id)],
            }).ConfigureAwait(false);
        }
    }

    private async Task ChangeAsync(SimulatedProcess process, Membership membership, MembershipTarget target)
    {
        string wanted = $"{Names(target.Voters)}{(target.Learners.IsEmpty ? "" : $" and {Names(target.Learners)}")}";
        cluster.World.Trace.Add("admin", $"asks {process.Id}, at {membership.Version}, for {wanted}");
        string outcome = "done";
        _changesUnderWay++;
        try
        {
            Task change = process.Raft.ChangeMembershipAsync(target, membership.Version);
            Task first = await Task.WhenAny(change, process.Died).ConfigureAwait(false);
            await first.ConfigureAwait(false);
            if (first != change)
                outcome = $"{process.Id} is gone";
        }
        catch (CoordException exception)
        {
            outcome = exception.Message;
        }

        _changesUnderWay--;
        cluster.World.Trace.Add("admin", $"wanted {wanted}: {outcome}");
    }

    private static string Names(ImmutableArray<MemberAddress> members) =>
        string.Join(' ', members.Select(member => member.Id));

    /// <summary>
    /// Hands over, and perhaps back at once: what was said to a leader may reach its next leadership.
    /// </summary>
    private async Task TransferAsync(SimulatedProcess process, NodeId to, bool returns)
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
        if (returns && outcome == "done" && cluster.Find(to)?.Process is { IsGone: false } successor)
            await TransferAsync(successor, process.Id, returns: false).ConfigureAwait(false);
    }
}
