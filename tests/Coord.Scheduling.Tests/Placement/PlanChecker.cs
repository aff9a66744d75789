using Coord.Scheduling.Placement;

namespace Coord.Scheduling.Tests.Placement;

/// <summary>The rules of placement once more, literally and slowly, over what a plan leads to.</summary>
internal sealed class PlanChecker(Cluster cluster)
{
    private readonly Dictionary<SlotId, NodeName> _before = new(cluster.Assigned);

    /// <summary>Says what is wrong with the cluster after a plan was carried out; null if nothing is.</summary>
    public string? FindViolation(PlacementPlan plan)
    {
        HashSet<SlotId> stuck = [.. plan.Unplaced.Where(slot => !slot.StaysOn.IsNone).Select(slot => slot.Slot)];
        foreach ((SlotId slot, NodeName name) in cluster.Assigned)
        {
            if (!cluster.Units.TryGetValue(slot.Unit, out UnitSpec? unit))
                return $"{slot} runs, and its unit is gone";
            if (!cluster.Nodes.TryGetValue(name, out NodeSpec? node))
                return $"{slot} is on {name}, which is gone";
            bool isNew = _before.GetValueOrDefault(slot) != name;
            if (isNew && (node.IsCordoned || node.IsDraining))
                return $"{slot} is new on {name}, which takes no new units";
            if (!isNew && node.IsDraining && !stuck.Contains(slot))
                return $"{slot} stays on {name}, which is draining";
            if (FindStatic(unit, node) is { } wrong)
                return $"{slot} on {name}: {wrong}";
            if (FindPeers(slot, unit, name) is { } beside)
                return $"{slot} on {name}: {beside}";
        }

        return FindOverload() ?? FindSkew() ?? FindCounts();
    }

    /// <summary>Says why a node may not run a unit, apart from what is on it.</summary>
    public static string? FindStatic(UnitSpec unit, NodeSpec node)
    {
        UnitConstraints limits = unit.Constraints;
        if (!limits.PinnedTo.IsNone && limits.PinnedTo != node.Name)
            return "pinned elsewhere";
        foreach (Requirement required in limits.RequiredLabels)
        {
            if (!node.Labels.TryGetValue(required.Key, out string? value) || !required.Values.Contains(value))
                return $"lacks {required.Key}";
        }

        if (node.Taints.Except(limits.Tolerations).Any())
            return "taint";
        return limits.Spread is { Label.Length: > 0 } spread && !node.Labels.ContainsKey(spread.Label)
            ? "lacks the label of its spread" : null;
    }

    private string? FindPeers(SlotId slot, UnitSpec unit, NodeName node)
    {
        UnitName peer = unit.Constraints.SameNodeAs;
        if (peer != default && peer != slot.Unit && !On(node).Any(other => other.Unit == peer))
            return $"without {peer}";
        foreach (SlotId other in On(node).Where(other => other != slot))
        {
            if (unit.Constraints.Conflicts.Any(pattern => Matches(pattern, other.Unit.Value)))
                return $"conflicts with {other}";
        }

        return null;
    }

    private IEnumerable<SlotId> On(NodeName node) =>
        cluster.Assigned.Where(pair => pair.Value == node).Select(pair => pair.Key);

    private string? FindOverload()
    {
        foreach (NodeSpec node in cluster.Nodes.Values)
        {
            IEnumerable<ResourceAmount> used = On(node.Name).SelectMany(slot => cluster.Units[slot.Unit].Requests);
            foreach (IGrouping<string, ResourceAmount> resource in used.GroupBy(amount => amount.Name))
            {
                long capacity = node.Capacity.FirstOrDefault(amount => amount.Name == resource.Key).Amount;
                if (resource.Sum(amount => amount.Amount) > capacity)
                    return $"{node.Name} has too little {resource.Key}";
            }
        }

        return null;
    }

    // A domain that got a slot has, with it, at most so many more than the emptiest in which a node may run the unit.
    private string? FindSkew()
    {
        foreach (UnitSpec unit in cluster.Units.Values.Where(unit => unit.Constraints.Spread is not null))
        {
            // One on each node is as even as can be; and whoever is replaced leaves unevenly.
            if (unit.Kind == UnitKind.Global || cluster.Units.Values.Any(other => other.Constraints.Replaces
                .Any(pattern => Matches(pattern, unit.Name.Value))))
                continue;

            SpreadRule spread = unit.Constraints.Spread!;
            Func<NodeSpec, string> domainOf =
                node => spread.Label.Length == 0 ? node.Name.Value : node.Labels[spread.Label];
            List<string> eligible =
            [
                .. cluster.Nodes.Values.Where(node => !node.IsCordoned && !node.IsDraining)
                    .Where(node => FindStatic(unit, node) is null).Select(domainOf).Distinct(),
            ];
            List<SlotId> slots = [.. cluster.Assigned.Keys.Where(slot => slot.Unit == unit.Name)];
            ILookup<string, SlotId> domains = slots.ToLookup(slot => domainOf(cluster.Nodes[cluster.Assigned[slot]]));
            int fewest = eligible.Count == 0 ? 0 : eligible.Min(domain => domains[domain].Count());
            foreach (IGrouping<string, SlotId> domain in domains)
            {
                bool gotOne = domain.Any(slot => _before.GetValueOrDefault(slot) != cluster.Assigned[slot]);
                if (gotOne && domain.Count() - fewest > spread.MaxSkew)
                    return $"{unit.Name} has {domain.Count()} in {domain.Key} and {fewest} in another";
            }
        }

        return null;
    }

    private string? FindCounts()
    {
        foreach (UnitSpec unit in cluster.Units.Values)
        {
            int count = cluster.Assigned.Keys.Count(slot => slot.Unit == unit.Name);
            int most = unit switch
            {
                { DesiredState: UnitState.Inactive } or { Kind: UnitKind.Cron } => 0,
                { Kind: UnitKind.Global } => cluster.Nodes.Count,
                _ => unit.Count,
            };
            if (count > most)
                return $"{unit.Name} has {count} slots and wants {most}";
        }

        return null;
    }

    /// <summary>Patterns by recursion.</summary>
    public static bool Matches(string pattern, string text) =>
        pattern.Length == 0 ? text.Length == 0
        : pattern[0] == '*' ? Enumerable.Range(0, text.Length + 1).Any(i => Matches(pattern[1..], text[i..]))
        : text.Length > 0 && (pattern[0] == '?' || pattern[0] == text[0]) && Matches(pattern[1..], text[1..]);
}
