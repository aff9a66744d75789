namespace Coord.Scheduling.UnitFiles;

/// <summary>Reads <c>[X-Fleet]</c>, with the names that fleet had before its version 0.8 too.</summary>
internal static class FleetOptions
{
    private const string Section = UnitFileReader.FleetSection;

    private static readonly HashSet<string> Known =
    [
        "MachineID", "X-ConditionMachineID", "X-ConditionMachineBootID", "MachineOf", "X-ConditionMachineOf",
        "MachineMetadata", "X-ConditionMachineMetadata", "Conflicts", "X-Conflicts", "Replaces", "Global",
    ];

    public static UnitConstraints Read(OptionReader options, out bool isGlobal)
    {
        foreach (string unknown in options.File.Options
            .Where(o => o.Section == Section && !Known.Contains(o.Name)).Select(o => o.Name).Distinct())
        {
            options.Problems.Add($"[{Section}] {unknown} is not known.");
        }

        isGlobal = Values(options, "Global") is [.., string last] && UnitValue.IsTrue(last);
        List<string> machines = Values(options, "MachineID", "X-ConditionMachineID", "X-ConditionMachineBootID");
        List<string> peers = Values(options, "X-ConditionMachineOf", "MachineOf");
        List<string> conflicts = Patterns(options, "X-Conflicts", "Conflicts");
        List<string> replaces = Patterns(options, "Replaces");
        Check(options, isGlobal, machines, peers, conflicts, replaces);

        return new()
        {
            PinnedTo = Machine(options, machines),
            SameNodeAs = Peer(options, peers),
            Conflicts = conflicts,
            Replaces = replaces,
            RequiredLabels = Metadata(options),
        };
    }

    /// <summary>Rejects what fleet rejects: together these can never be met, or contradict each other.</summary>
    private static void Check(
        OptionReader options,
        bool isGlobal,
        List<string> machines,
        List<string> peers,
        List<string> conflicts,
        List<string> replaces)
    {
        Never(machines.Count > 0 && peers.Count > 0, "MachineID", "MachineOf");
        Never(machines.Count > 0 && conflicts.Count > 0, "MachineID", "Conflicts");
        Never(machines.Count > 0 && replaces.Count > 0, "MachineID", "Replaces");
        Never(machines.Count > 0 && isGlobal, "MachineID", "Global");
        Never(isGlobal && peers.Count > 0, "Global", "MachineOf");
        Never(isGlobal && replaces.Count > 0, "Global", "Replaces");
        Never(conflicts.Count > 0 && replaces.Count > 0, "Conflicts", "Replaces");
        foreach (string peer in peers)
        {
            Meets(conflicts, peer, "Conflicts");
            Meets(replaces, peer, "Replaces");
        }

        void Never(bool both, string one, string other)
        {
            if (both)
                options.Problems.Add($"[{Section}] {one} cannot be used with {other}.");
        }

        void Meets(List<string> patterns, string peer, string option)
        {
            if (patterns.Find(pattern => UnitGlob.IsMatch(pattern, peer)) is { } pattern)
                options.Problems.Add($"[{Section}] {option}={pattern} matches MachineOf={peer}: both cannot hold.");
        }
    }

    private static NodeName Machine(OptionReader options, List<string> machines)
    {
        if (machines.Count == 0)
            return default;
        return NodeName.IsValid(machines[0])
            ? new(machines[0])
            : options.Reject<NodeName>(default, $"[{Section}] MachineID={machines[0]} cannot be a node's name.");
    }

    private static UnitName Peer(OptionReader options, List<string> peers)
    {
        if (peers.Distinct().Count() > 1)
            return options.Reject<UnitName>(default, $"[{Section}] MachineOf names more than one unit.");
        if (peers.Count == 0)
            return default;
        if (!UnitName.IsValid(peers[0]))
            return options.Reject<UnitName>(default, $"[{Section}] MachineOf={peers[0]} cannot be a unit's name.");
        return peers[0] == options.Name.Full.Value
            ? options.Reject<UnitName>(default, $"[{Section}] MachineOf={peers[0]} is the unit itself.")
            : new(peers[0]);
    }

    /// <summary>OR within a key, AND across keys, whichever lines the pairs are in.</summary>
    private static List<Requirement> Metadata(OptionReader options)
    {
        var values = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (string pair in Values(options, "X-ConditionMachineMetadata", "MachineMetadata"))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == pair.Length - 1 || equals != pair.LastIndexOf('='))
            {
                // fleet leaves such a pair out, and so starts units where nobody wanted them.
                options.Problems.Add($"[{Section}] MachineMetadata={pair} is no pair such as region=us-east-1.");
                continue;
            }

            string key = pair[..equals];
            if (!values.TryGetValue(key, out List<string>? those))
                values.Add(key, those = []);
            if (!those.Contains(pair[(equals + 1)..]))
                those.Add(pair[(equals + 1)..]);
        }

        return values.Select(pair => new Requirement(pair.Key, pair.Value)).ToList();
    }

    private static List<string> Patterns(OptionReader options, params string[] names) =>
        Values(options, names)
            .SelectMany(value => value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Distinct()
            .ToList();

    /// <summary>A value in quotes has several: <c>"region=us" "disk=ssd"</c>.</summary>
    private static List<string> Values(OptionReader options, params string[] names)
    {
        var values = new List<string>();
        foreach (string value in names.SelectMany(name => options.Values(Section, name)))
        {
            if (value.Length < 2 || value[0] != '"' || value[^1] != '"')
                values.Add(value);
            else if (UnitValue.TrySplitWords(value, out IReadOnlyList<string> words))
                values.AddRange(words);
            else
                options.Problems.Add($"[{Section}] {value} has a quote that nothing closes.");
        }

        return values;
    }
}
