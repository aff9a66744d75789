namespace Coord.Scheduling.Placement;

/// <summary>The values of a label, or the nodes themselves, as what slots are spread over. Immutable.</summary>
/// <param name="Of">The domain of each node; -1 for those without the label.</param>
/// <param name="Count">How many there are.</param>
/// <param name="IsNodes">Whether each node is a domain of its own.</param>
internal sealed record SpreadDomains(int[] Of, int Count, bool IsNodes)
{
    public static SpreadDomains Over(NodeRecord[] nodes, string label)
    {
        int[] of = new int[nodes.Length];
        if (label.Length == 0)
        {
            for (int node = 0; node < of.Length; node++)
                of[node] = node;
            return new SpreadDomains(of, of.Length, IsNodes: true);
        }

        Dictionary<string, int> values = [];
        for (int node = 0; node < of.Length; node++)
        {
            of[node] = -1;
            if (!nodes[node].Spec.Labels.TryGetValue(label, out string? value))
                continue;
            if (!values.TryGetValue(value, out of[node]))
                values.Add(value, of[node] = values.Count);
        }

        return new SpreadDomains(of, values.Count, IsNodes: false);
    }
}
