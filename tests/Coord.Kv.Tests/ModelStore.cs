namespace Coord.Kv.Tests;

/// <summary>The dumb twin: a list of all changes ever made, from which every answer is worked out anew.</summary>
internal sealed class ModelStore(ModelError error = ModelError.None)
{
    private readonly List<Change> _changes = [];

    public long Revision { get; private set; } = 1;

    public long Compacted { get; set; }

    /// <summary>
    /// What the quota counts: retained changes, and the versions that were live before the first of them.
    /// </summary>
    public long UsedBytes =>
        _changes.Where(change => change.Revision >= Compacted).Sum(Cost)
        + _changes.Where(change => change.Revision < Compacted)
            .GroupBy(change => change.Key)
            .Select(group => group.Last())
            .Where(change => change.Value is not null)
            .Sum(Cost);

    public void Put(string key, string value)
    {
        Revision++;
        _changes.Add(new(Revision, key, value));
    }

    /// <summary>Puts several keys at one revision, in this order.</summary>
    public void Put(string[] keys, string value)
    {
        Revision++;
        _changes.AddRange(keys.Select(key => new Change(Revision, key, value)));
    }

    public List<string> Delete(KeyRange range)
    {
        List<string> keys = [.. Get(range, Revision).Select(kv => kv.KeyString)];
        if (keys.Count > 0 && error is not ModelError.ForgetsThatDeletionsMakeRevisions)
            Revision++;
        _changes.AddRange(keys.Select(key => new Change(Revision, key, null)));
        return keys;
    }

    public List<KeyValue> Get(KeyRange range, long revision) =>
        _changes.Where(change => change.Revision <= revision && range.Contains(TestStore.Bytes(change.Key)))
            .GroupBy(change => change.Key)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => Newest([.. group], error))
            .OfType<KeyValue>()
            .ToList();

    public List<WatchEvent> Events(KeyRange range, long from) =>
        _changes.Where(change => change.Revision >= from && range.Contains(TestStore.Bytes(change.Key)))
            .Where(change => error is not ModelError.TearsRevisions || !IsLastOfSeveral(change))
            .Select(ToEvent)
            .ToList();

    private bool IsLastOfSeveral(Change change)
    {
        List<Change> revision = _changes.FindAll(other => other.Revision == change.Revision);
        return revision.Count > 1 && ReferenceEquals(revision[^1], change);
    }

    private static long Cost(Change change) => 128 + change.Key.Length + (change.Value?.Length ?? 0);

    private static KeyValue? Newest(List<Change> changes, ModelError error)
    {
        if (changes[^1].Value is not { } value)
            return null;

        List<Change> life = changes[(changes.FindLastIndex(change => change.Value is null) + 1)..];
        return new(
            TestStore.Bytes(life[0].Key),
            TestStore.Bytes(value),
            new(life[0].Revision),
            new(life[^1].Revision),
            error is ModelError.GoesOnCountingAfterADeletion ? changes.Count(c => c.Value is not null) : life.Count);
    }

    private WatchEvent ToEvent(Change change)
    {
        // The version before is promised unless it has been compacted; it never is for a change that is retained now.
        KeyRange key = KeyRange.Single(change.Key);
        KeyValue? previous = Get(key, change.Revision - 1).FirstOrDefault();
        return change.Value is null
            ? new(
                WatchEventKind.Delete,
                new(TestStore.Bytes(change.Key), default, default, new(change.Revision), 0),
                previous)
            : new(WatchEventKind.Put, Get(key, change.Revision)[0], previous);
    }

    private sealed record Change(long Revision, string Key, string? Value);
}
