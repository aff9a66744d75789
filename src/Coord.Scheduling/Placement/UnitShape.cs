using System.Globalization;
using System.Text;

namespace Coord.Scheduling.Placement;

/// <summary>
/// What a unit asks of a node, apart from what else is on it: units of one shape may run on the same nodes and weigh
/// the same. Immutable; shared by all units with an equal <see cref="Key"/>.
/// </summary>
internal sealed class UnitShape
{
    private UnitShape(UnitSpec spec, string key, ResourceAmount[] requests, string? invalid)
    {
        Key = key;
        RequiredLabels = spec.Constraints.RequiredLabels;
        PinnedTo = spec.Constraints.PinnedTo;
        Tolerations = spec.Constraints.Tolerations;
        SpreadLabel = spec.Constraints.Spread?.Label;
        Runner = spec.Runner;
        OfferedAs = spec.Runner == RunnerNames.InProcess ? spec.Name : default;
        Requests = requests;
        Invalid = invalid;
    }

    /// <summary>Gets all of it as one text, by which shapes are told apart and ordered.</summary>
    public string Key { get; }

    public IReadOnlyList<Requirement> RequiredLabels { get; }

    public NodeName PinnedTo { get; }

    public IReadOnlyList<string> Tolerations { get; }

    /// <summary>Gets the label to spread over; empty for nodes, null if nothing is spread.</summary>
    public string? SpreadLabel { get; }

    public string Runner { get; }

    /// <summary>Gets the unit that a node's app must have the code of; none if that is not needed.</summary>
    public UnitName OfferedAs { get; }

    /// <summary>Gets what a slot needs, each resource once and in the order of names, without zeroes.</summary>
    public ResourceAmount[] Requests { get; }

    /// <summary>Gets why no node at all can run it; null if nothing is wrong with it.</summary>
    public string? Invalid { get; }

    /// <summary>Reads the shape off a unit.</summary>
    public static UnitShape Of(UnitSpec spec)
    {
        ResourceAmount[] requests = Merge(spec.Requests, out string? invalid);
        if (spec.Constraints.Spread is { MaxSkew: < 1 } spread)
            invalid = $"its spread allows a skew of {spread.MaxSkew}, and 1 is the least";
        return new UnitShape(spec, KeyOf(spec, requests, invalid), requests, invalid);
    }

    private static ResourceAmount[] Merge(IReadOnlyList<ResourceAmount> requests, out string? invalid)
    {
        invalid = null;
        if (requests.Count == 0)
            return [];

        SortedDictionary<string, long> sums = new(StringComparer.Ordinal);
        foreach (ResourceAmount request in requests)
        {
            if (request.Amount < 0)
                invalid = $"it asks for less than nothing of {request.Name}";
            if (request.Amount <= 0)
                continue;

            // Named twice, it needs both; more than fits into the number fits nowhere.
            long sum = sums.GetValueOrDefault(request.Name);
            if (request.Amount > long.MaxValue - sum)
                invalid = $"it asks for more of {request.Name} than can be counted";
            else
                sums[request.Name] = sum + request.Amount;
        }

        return [.. sums.Select(pair => new ResourceAmount(pair.Key, pair.Value))];
    }

    // Each text carries its length, so that no content can be mistaken for a border.
    private static string KeyOf(UnitSpec spec, ResourceAmount[] requests, string? invalid)
    {
        StringBuilder key = new();
        UnitConstraints constraints = spec.Constraints;
        Add(key, 'r', spec.Runner);
        if (spec.Runner == RunnerNames.InProcess)
            Add(key, 'o', spec.Name.Value);
        if (!constraints.PinnedTo.IsNone)
            Add(key, 'p', constraints.PinnedTo.Value);
        foreach (Requirement requirement in constraints.RequiredLabels)
        {
            Add(key, 'k', requirement.Key);
            foreach (string value in requirement.Values)
                Add(key, 'v', value);
        }

        foreach (string toleration in constraints.Tolerations)
            Add(key, 't', toleration);
        if (constraints.Spread is { } spread)
            Add(key, 's', spread.Label);
        foreach (ResourceAmount request in requests)
        {
            Add(key, 'q', request.Name);
            key.Append(CultureInfo.InvariantCulture, $"={request.Amount}");
        }

        if (invalid is not null)
            Add(key, '!', invalid);
        return key.ToString();
    }

    private static void Add(StringBuilder key, char kind, string text) =>
        key.Append(kind).Append(CultureInfo.InvariantCulture, $"{text.Length}:").Append(text);
}
