using Coord.Raft;
using Coord.Simulation.Kernel;

namespace Coord.Simulation.Faults;

/// <summary>Cuts links, in the patterns that have brought clusters down.</summary>
internal sealed class NetworkFaults(Cluster cluster)
{
    /// <summary>Lets a fault happen if it is one of the network.</summary>
    public bool TryInject(FaultKind kind, Chance chance)
    {
        NodeId[] members = [.. cluster.Nodes.Where(node => !node.IsRetired).Select(node => node.Id)];
        List<(NodeId From, NodeId To)> links = [];
        NodeId one = chance.Of(members);
        switch (kind)
        {
            case FaultKind.Reset:
                cluster.Network.Break(one, chance.Of(members));
                return true;
            case FaultKind.Isolation:
                links.AddRange(Links(members, (from, to) => from == one || to == one));
                break;
            case FaultKind.Halves:
                ulong half = chance.Next();
                links.AddRange(Links(members, (from, to) => IsIn(half, from) != IsIn(half, to)));
                break;
            case FaultKind.Bridge:
                ulong side = chance.Next();
                links.AddRange(Links(
                    members, (from, to) => from != one && to != one && IsIn(side, from) != IsIn(side, to)));
                break;
            case FaultKind.Ring:
                links.AddRange(Links(members, (from, to) => !AreNeighbours(members, from, to)));
                break;
            case FaultKind.OneWay:
                bool isMute = chance.Next(2) == 0;
                links.AddRange(Links(members, (from, to) => (isMute ? from : to) == one));
                break;
            case FaultKind.RandomLinks:
                links.AddRange(Links(members, (_, _) => chance.Next(3) == 0));
                break;
            case FaultKind.Flapping:
                Flap(one, chance.Of(members), chance);
                return true;
            default:
                return false;
        }

        Cut(links, chance.LogUniform(50 * Span.Millisecond, 20 * Span.Second));
        return true;
    }

    /// <summary>Cuts a member off from all others for a while.</summary>
    public void Isolate(NodeId member, long duration)
    {
        NodeId[] members = [.. cluster.Nodes.Where(node => !node.IsRetired).Select(node => node.Id)];
        Cut([.. Links(members, (from, to) => from == member || to == member)], duration);
    }

    private static IEnumerable<(NodeId From, NodeId To)> Links(NodeId[] members, Func<NodeId, NodeId, bool> isCut) =>
        from sender in members
        from receiver in members
        where sender != receiver && isCut(sender, receiver)
        select (sender, receiver);

    private static bool IsIn(ulong set, NodeId member) => ((set >> (int)(member.Value % 64)) & 1) != 0;

    private static bool AreNeighbours(NodeId[] members, NodeId left, NodeId right)
    {
        int distance = Math.Abs(Array.IndexOf(members, left) - Array.IndexOf(members, right));
        return distance == 1 || distance == members.Length - 1;
    }

    private void Cut(List<(NodeId From, NodeId To)> links, long duration)
    {
        foreach ((NodeId from, NodeId to) in links)
            cluster.Network.Cut(from, to);
        cluster.World.After(duration, () =>
        {
            foreach ((NodeId from, NodeId to) in links)
                cluster.Network.Heal(from, to);
        });
    }

    private void Flap(NodeId left, NodeId right, Chance chance)
    {
        long period = chance.LogUniform(10 * Span.Millisecond, Span.Second);
        int times = (int)chance.Between(2, 20);
        for (int i = 0; i < times; i++)
        {
            cluster.World.After(2 * i * period, () =>
            {
                if (!cluster.Network.Fates.IsHealed)
                    Cut([(left, right), (right, left)], period);
            });
        }
    }
}
