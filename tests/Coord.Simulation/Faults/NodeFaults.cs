using Coord.Raft;
using Coord.Raft.Tests.Storage;
using Coord.Simulation.Kernel;
using Coord.Simulation.Nodes;

namespace Coord.Simulation.Faults;

/// <summary>Ends, stops and confuses members, and breaks what they stand on.</summary>
internal sealed class NodeFaults(Cluster cluster)
{
    private readonly MembershipFaults _membership = new(cluster);

    /// <summary>Gets a value indicating whether somebody waits for a change of the membership.</summary>
    public bool IsChangingMembers => _membership.IsChanging;

    /// <summary>Gives a member up that cannot start any more, and lets another take its place.</summary>
    public void Replace(SimulatedNode node) => _membership.Replace(node);

    /// <summary>Asks one member for a change of the membership, or to hand over.</summary>
    public void Ask(FaultKind kind, SimulatedProcess process, Chance chance) =>
        _membership.Inject(kind, process, chance);

    public void Inject(FaultKind kind, Chance chance)
    {
        SimulatedNode[] candidates = [.. cluster.Nodes.Where(node => node.IsUp)];
        if (candidates.Length == 0)
            return;

        // Often the leader: what happens to it matters most.
        SimulatedNode node = chance.Next(2) == 0 && cluster.Leader is { } leader
            ? leader.Node : chance.Of(candidates);
        switch (kind)
        {
            case FaultKind.Kill:
                node.Kill("by a signal");
                break;
            case FaultKind.PowerCut:
                node.CutPower("for no reason");
                break;
            case FaultKind.Blackout:
                foreach (SimulatedNode each in candidates)
                    each.CutPower("with all others");
                break;
            case FaultKind.PowerCutAtDiskCall:
                node.Disk.CutPowerAt(chance.Between(0, chance.LogUniform(1, 64)));
                break;
            case FaultKind.PowerCutAtSend:
                node.Process!.SendsBeforeCrash = (int)chance.Between(0, chance.LogUniform(1, 64));
                break;
            case FaultKind.Pause:
                node.PauseFor(node.Process!, chance.LogUniform(10 * Span.Millisecond, 30 * Span.Second));
                break;
            case FaultKind.LeaderStall:
                long election = Span.Of(cluster.Plan.ElectionTimeout);
                (cluster.Leader ?? node.Process!).PauseAfterHeartbeat = chance.Between(election / 2, 3 * election);
                break;
            case FaultKind.Restart:
                _ = RestartAsync(node.Process!);
                break;
            case FaultKind.Membership or FaultKind.Transfer or FaultKind.LostDisk:
                _membership.Inject(kind, node.Process!, chance);
                break;
            default:
                InjectIntoMachine(kind, node, chance);
                break;
        }
    }

    /// <summary>Tells whether a member will know whom to ask: it believes its snapshot, not a damaged log.</summary>
    private static bool KnowsOthers(SimulatedNode node) =>
        node.Process?.Raft.Runtime is { } runtime && runtime.Driver.Core.Snapshot.Membership.Members.Length > 1;

    /// <summary>Empties a disk; until the operator notices, the others refuse its member.</summary>
    private void WipeAndReplace(SimulatedNode node, Chance chance)
    {
        node.Wipe();
        cluster.World.After(chance.LogUniform(Span.Second, 10 * Span.Second), () =>
        {
            if (!node.IsRetired)
                _membership.Replace(node);
        });
    }

    /// <summary>Damages a disk, and mostly lets it be read again soon: what nobody reads does no harm.</summary>
    private void DamageAndRestart(FaultKind kind, SimulatedNode node, Chance chance)
    {
        node.Damage(kind, chance);
        switch (chance.Next(4))
        {
            case 0:
                break;
            case 1:
                foreach (SimulatedNode each in cluster.Nodes.Where(other => other.IsUp).ToArray())
                    each.Kill("with all others");
                break;
            default:
                node.Kill("to read its disk again");
                break;
        }
    }

    private static async Task RestartAsync(SimulatedProcess process)
    {
        try
        {
            await process.Raft.StopAsync().ConfigureAwait(false);
        }
        catch (CoordException)
        {
            // It says by itself why it stopped.
        }
    }

    private void InjectIntoMachine(FaultKind kind, SimulatedNode node, Chance chance)
    {
        long duration = chance.LogUniform(50 * Span.Millisecond, 20 * Span.Second);
        switch (kind)
        {
            case FaultKind.ClockLeap:
                node.Process!.Clock.Leap(chance.LogUniform(10 * Span.Millisecond, 60 * Span.Second));
                break;
            case FaultKind.WallClock:
                node.Process!.Clock.WallOffset = TimeSpan.FromHours(chance.Between(-100_000, 100_000));
                break;
            case FaultKind.DiskError:
                node.HasDiskFaults = true;
                DiskCall?[] calls = [null, DiskCall.Write, DiskCall.Sync, DiskCall.Rename, DiskCall.Open];
                string failure = chance.Next(2) == 0 ? "Input/output error" : "No space left on device";
                node.Disk.FailAt(chance.LogUniform(1, 64) - 1, failure, chance.Of(calls));
                break;
            case FaultKind.DiskFull:
                node.HasDiskFaults = true;
                node.Disk.Capacity = chance.Between(0, 4 << 20);
                cluster.World.After(duration, () => node.Disk.Capacity = long.MaxValue);
                break;
            case FaultKind.BitRot or FaultKind.LostWrite or FaultKind.MisdirectedWrite:
                if (_membership.MayLose(node) && KnowsOthers(node))
                    DamageAndRestart(kind, node, chance);
                break;
            case FaultKind.WipedDisk:
                // With fewer it may have all that it needs to begin another cluster.
                if (_membership.MayLose(node) && (node.Joins || cluster.Plan.Nodes > 2))
                    WipeAndReplace(node, chance);
                break;
            case FaultKind.SlowDisk:
                node.SlowDisk(duration, chance.LogUniform(2, 1000));
                break;
            case FaultKind.HungDisk:
                node.HangDisk(duration);
                break;
        }
    }
}
