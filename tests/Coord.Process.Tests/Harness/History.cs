using System.Collections.Concurrent;

namespace Coord.Process.Tests.Harness;

/// <summary>What the clients of a test asked for, and what they were told became of it.</summary>
internal sealed class History
{
    /// <summary>The beginning of all keys.</summary>
    public const string Prefix = "torture/";

    private readonly ConcurrentDictionary<string, WriteResult> _writes = new();

    public int Count => _writes.Count;

    public int CountOf(WriteOutcome outcome) => _writes.Values.Count(result => result.Outcome == outcome);

    /// <summary>Notes the fate of a write; each key is written once, with its own name as part of the value.</summary>
    public void Add(string key, WriteResult result) => Assert.True(_writes.TryAdd(key, result), $"{key} twice");

    public static string ValueOf(string key) => $"value of {key}";

    /// <summary>Fails unless members that have converged hold the same, and what clients were told.</summary>
    /// <returns>What they hold.</returns>
    public async Task<KeyRangeAnswer> CompareAsync(IEnumerable<ClusterMember> members)
    {
        KeyRangeAnswer? first = null;
        foreach (ClusterMember member in members)
        {
            KeyRangeAnswer state = await member.Client.GetPrefixAsync(Prefix, serializable: true);
            string contradictions = string.Join('\n', Contradictions(state).Take(10));
            Assert.True(contradictions.Length == 0, $"{member.Name}:\n{contradictions}");
            first ??= state;
            Assert.Equal(first.Revision, state.Revision);
            Assert.Equal(first.Kvs, state.Kvs);
        }

        return first!;
    }

    /// <summary>Compares what clients were told with what a member holds.</summary>
    private IEnumerable<string> Contradictions(KeyRangeAnswer state)
    {
        Dictionary<string, KeyValueEntry> held = state.Kvs.ToDictionary(pair => pair.Key);
        foreach ((string key, WriteResult result) in _writes)
        {
            KeyValueEntry? pair = held.GetValueOrDefault(key);
            if (result.Outcome is WriteOutcome.Acknowledged && pair is null)
                yield return $"{key} was acknowledged as revision {result.Revision} and is lost.";
            else if (result.Outcome is WriteOutcome.DidNotHappen && pair is not null)
                yield return $"{key} was said not to have happened ({result.Error}) and is there: {pair}.";
            else if (result.Outcome is WriteOutcome.Acknowledged && pair!.ModRevision != result.Revision)
                yield return $"{key} was acknowledged as revision {result.Revision} and has {pair.ModRevision}.";

            if (pair is not null && (pair.Value != ValueOf(key) || pair.Version != 1))
                yield return $"{key} was written once and is {pair}.";
        }

        foreach (string key in held.Keys.Where(key => !_writes.ContainsKey(key)))
            yield return $"{key} was never written by anybody.";

        foreach (IGrouping<long, KeyValueEntry> same in state.Kvs.GroupBy(pair => pair.ModRevision))
        {
            if (same.Count() > 1)
                yield return $"{string.Join(" and ", same.Select(pair => pair.Key))} share revision {same.Key}.";
        }
    }
}
