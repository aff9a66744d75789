using Coord.Scheduling.UnitFiles;

namespace Coord.Scheduling.Placement;

internal sealed partial class PlacementModel
{
    private static UnitShape[] CollectShapes(UnitRecord[] units, int[] shapeOf)
    {
        Dictionary<UnitShape, string> seen = [];
        foreach (UnitRecord unit in units)
        {
            if (unit.Shape is { } shape)
                seen.TryAdd(shape, shape.Key);
        }

        UnitShape[] shapes = [.. seen.Keys.DistinctBy(shape => shape.Key)];
        Array.Sort(shapes, (x, y) => string.CompareOrdinal(x.Key, y.Key));
        Dictionary<string, int> ranks = new(shapes.Length);
        for (int rank = 0; rank < shapes.Length; rank++)
            ranks.Add(shapes[rank].Key, rank);

        Dictionary<UnitShape, int> rankOf = seen.Keys.ToDictionary(shape => shape, shape => ranks[shape.Key]);
        for (int unit = 0; unit < units.Length; unit++)
            shapeOf[unit] = units[unit].Shape is { } shape ? rankOf[shape] : -1;
        return shapes;
    }

    private static string[] CollectResources(NodeRecord[] nodes, UnitShape[] shapes)
    {
        HashSet<string> names = [];
        foreach (NodeRecord node in nodes)
        {
            foreach (ResourceAmount amount in node.Spec.Capacity)
                names.Add(amount.Name);
        }

        foreach (UnitShape shape in shapes)
        {
            foreach (ResourceAmount amount in shape.Requests)
                names.Add(amount.Name);
        }

        string[] sorted = [.. names];
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }

    // A node that names a resource twice has the smaller amount of it, and less than nothing is nothing.
    private void CompileCapacities(out int[] resourceOf, out long[] capacity)
    {
        List<int> resources = [];
        List<long> amounts = [];
        SortedDictionary<int, long> ofNode = [];
        for (int node = 0; node < Nodes.Length; node++)
        {
            ofNode.Clear();
            foreach (ResourceAmount amount in Nodes[node].Spec.Capacity)
            {
                int resource = FindResource(amount.Name);
                long known = ofNode.GetValueOrDefault(resource, long.MaxValue);
                ofNode[resource] = Math.Max(0, Math.Min(known, amount.Amount));
            }

            resources.AddRange(ofNode.Keys);
            amounts.AddRange(ofNode.Values);
            ResourceStart[node + 1] = resources.Count;
        }

        resourceOf = [.. resources];
        capacity = [.. amounts];
    }

    private CompiledShape[] CompileShapes(UnitShape[] shapes, Names labels, Names taints, Names runners)
    {
        long[] largest = new long[_resources.Length];
        foreach (ResourceAmount request in shapes.SelectMany(shape => shape.Requests))
        {
            ref long most = ref largest[FindResource(request.Name)];
            most = Math.Max(most, request.Amount);
        }

        Dictionary<string, SpreadDomains> spreads = [];
        Dictionary<UnitName, List<int>> offers = CollectOffers(shapes);
        CompiledShape[] compiled = new CompiledShape[shapes.Length];
        for (int rank = 0; rank < shapes.Length; rank++)
        {
            UnitShape shape = shapes[rank];
            SpreadDomains? spread = null;
            if (shape.SpreadLabel is { } label && !spreads.TryGetValue(label, out spread))
                spreads.Add(label, spread = SpreadDomains.Over(Nodes, label));

            Request[] requests =
                [.. shape.Requests.Select(request => new Request(FindResource(request.Name), request.Amount))];
            compiled[rank] = new CompiledShape
            {
                Requests = requests,
                Labels =
                [
                    .. shape.RequiredLabels.Select(
                        required => labels.All(required.Values.Select(value => PairOf(required.Key, value)))),
                ],
                Tolerations = taints.All(shape.Tolerations),
                Pin = shape.PinnedTo.IsNone ? -1 : FindNode(shape.PinnedTo) is >= 0 and int pin ? pin : -2,
                Runner = runners.Add(shape.Runner),
                OfferedBy = shape.OfferedAs == default ? null : offers[shape.OfferedAs],
                Spread = spread,
                Invalid = shape.Invalid,
                Size = SizeOf(requests, largest),
            };
        }

        return compiled;
    }

    private Dictionary<UnitName, List<int>> CollectOffers(UnitShape[] shapes)
    {
        Dictionary<UnitName, List<int>> offers = [];
        foreach (UnitShape shape in shapes)
            offers.TryAdd(shape.OfferedAs, []);
        for (int node = 0; node < Nodes.Length; node++)
        {
            foreach (UnitName unit in Nodes[node].Spec.Offers)
            {
                if (offers.TryGetValue(unit, out List<int>? offering) && (offering.Count == 0 || offering[^1] != node))
                    offering.Add(node);
            }
        }

        return offers;
    }

    // Of nodes it does not depend: the loss of one changes nothing in the order of the others' slots.
    private static long SizeOf(Request[] requests, long[] largest)
    {
        UInt128 size = 0;
        foreach (Request request in requests)
            size = UInt128.Max(size, ((UInt128)request.Amount << 40) / (UInt128)largest[request.Resource]);
        return (long)size;
    }

    private int[] CompilePeers()
    {
        int[] peers = new int[Units.Length];
        for (int unit = 0; unit < Units.Length; unit++)
        {
            UnitName name = Units[unit].Spec?.Constraints.SameNodeAs ?? default;
            peers[unit] = NoUnit;
            if (name == default || name == Units[unit].Name)
                continue;
            int peer = FindUnit(name);
            peers[unit] = peer >= 0 && Units[peer].Spec is not null ? peer : MissingUnit;
        }

        return peers;
    }

    // A unit that takes the place of others does not want them beside it either, so each pattern of both lists counts.
    private PatternIndex CompileConflicts()
    {
        PatternIndex patterns = new();
        for (int unit = 0; unit < Units.Length; unit++)
        {
            if (Units[unit].Spec?.Constraints is not { } constraints
                || constraints.Conflicts.Count + constraints.Replaces.Count == 0)
            {
                continue;
            }

            string name = Units[unit].Name.Value;
            int[] conflicts = [.. constraints.Conflicts.Select(patterns.Add)];
            int[] replaces = [.. constraints.Replaces.Select(patterns.Add)];
            Declared[unit] =
                [.. conflicts, .. replaces.Where(id => !UnitGlob.IsMatch(patterns[id], name)).Except(conflicts)];
        }

        if (patterns.Count == 0)
            return patterns;

        List<int> matches = [];
        for (int unit = 0; unit < Units.Length; unit++)
        {
            matches.Clear();
            patterns.Match(Units[unit].Name.Value, matches);
            if (matches.Count > 0)
                Matched[unit] = [.. matches];
        }

        return patterns;
    }

    private long[] CompileReports()
    {
        long[] declared = new long[Capacity.Length];
        for (int unit = 0; unit < Units.Length; unit++)
        {
            if (ShapeOf[unit] < 0)
                continue;
            Request[] requests = Shapes[ShapeOf[unit]].Requests;
            foreach (AssignedSlot slot in requests.Length == 0 ? [] : Units[unit].Assigned)
            {
                if (FindNode(slot.Node) is not (>= 0 and int node))
                    continue;
                foreach (Request request in requests)
                {
                    if (IndexOf(node, request.Resource) is >= 0 and int at)
                        declared[at] += Math.Min(request.Amount, long.MaxValue - declared[at]);
                }
            }
        }

        long[] external = new long[Capacity.Length];
        for (int node = 0; node < Nodes.Length; node++)
        {
            foreach (ResourceAmount used in Nodes[node].Reported)
            {
                if (FindResource(used.Name) is >= 0 and int resource && IndexOf(node, resource) is >= 0 and int at)
                    external[at] = Math.Max(external[at], Math.Max(0, used.Amount) - declared[at]);
            }
        }

        return external;
    }

    /// <summary>Numbers for texts, in the order of their appearance: only whether they are equal matters.</summary>
    private sealed class Names
    {
        private readonly Dictionary<string, int> _ids = [];

        public int Add(string name)
        {
            if (!_ids.TryGetValue(name, out int id))
                _ids.Add(name, id = _ids.Count);
            return id;
        }

        public int[] All(IEnumerable<string> names) => [.. names.Select(Add)];

        public int[] Known(IEnumerable<string> names) =>
            [.. names.Select(name => _ids.GetValueOrDefault(name, -1)).Where(id => id >= 0)];
    }
}
