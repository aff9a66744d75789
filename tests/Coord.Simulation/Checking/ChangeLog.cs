using System.Text;
using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>
/// All changes that a store ever made, in order: what happened, as opposed to what clients were told. From it every
/// answer at every revision is worked out anew, by means as dumb as possible.
/// </summary>
/// <remarks>
/// It comes from the log of the cluster, or from a watch of all keys. It never forgets: compaction is for the store.
/// </remarks>
internal sealed class ChangeLog
{
    private readonly List<Change> _changes = [];

    // By key in Latin-1, whose ordinal order is that of the bytes; each with all its versions and deletions.
    private readonly SortedDictionary<string, List<WatchEvent>> _versions = new(StringComparer.Ordinal);

    /// <summary>Begins with a revision that has no changes; 1 for the empty store.</summary>
    public ChangeLog(long first = 1) => First = new(first);

    /// <summary>Gets the revision before the first change.</summary>
    public Revision First { get; }

    /// <summary>Gets the newest revision.</summary>
    public Revision Last => new(First.Value + _changes.Count);

    /// <summary>Gets all changes, each with the version before.</summary>
    public IReadOnlyList<Change> Changes => _changes;

    /// <summary>Adds the next revision.</summary>
    /// <exception cref="ArgumentException">It is not the next: see <see cref="RevisionRules"/> first.</exception>
    public void Add(Change change)
    {
        if (change.Revision != Last.Next)
            throw new ArgumentException($"{change.Revision} does not follow {Last}.", nameof(change));

        List<WatchEvent> events = [];
        foreach (WatchEvent one in change.Events)
        {
            string key = TextOf(one.KeyValue.Key.Span);
            if (!_versions.TryGetValue(key, out List<WatchEvent>? versions))
                _versions.Add(key, versions = []);
            WatchEvent? last = versions.Count > 0 ? versions[^1] : null;
            KeyValue? previous = last is { Kind: WatchEventKind.Put } ? last.KeyValue : null;
            WatchEvent full = one with { Previous = previous };
            versions.Add(full);
            events.Add(full);
        }

        _changes.Add(change with { Events = events });
    }

    /// <summary>Adds the next revision.</summary>
    public void Add(IReadOnlyList<WatchEvent> events, long time = 0) => Add(new(Last.Next, events, time));

    /// <summary>Returns the changes of one revision; none if it is the first or not there.</summary>
    public IReadOnlyList<WatchEvent> At(Revision revision) =>
        revision > First && revision <= Last ? _changes[IndexOf(revision)].Events : [];

    /// <summary>Returns when a revision could be seen first; zero if that is not known.</summary>
    public long TimeOf(Revision revision) =>
        revision > First && revision <= Last ? _changes[IndexOf(revision)].Time : 0;

    /// <summary>Returns a key's version at a revision, or null if it did not exist.</summary>
    public KeyValue? Find(string key, Revision at) =>
        _versions.TryGetValue(key, out List<WatchEvent>? versions) ? VersionAt(versions, at) : null;

    /// <summary>Returns the keys of a range at a revision, in ascending order.</summary>
    public List<KeyValue> Read(KeyRange range, Revision at)
    {
        List<KeyValue> found = [];
        if (range.IsSingleKey)
        {
            if (Find(TextOf(range.Key.Span), at) is { } single)
                found.Add(single);
            return found;
        }

        foreach (List<WatchEvent> versions in _versions.Values)
        {
            if (range.Contains(versions[0].KeyValue.Key.Span) && VersionAt(versions, at) is { } version)
                found.Add(version);
        }

        return found;
    }

    /// <summary>Returns what a watch sees from one revision to another, both included.</summary>
    public IEnumerable<WatchEvent> Events(KeyRange range, Revision from, Revision through)
    {
        for (Revision revision = from > First ? from : First.Next; revision <= through && revision <= Last;
            revision = revision.Next)
        {
            foreach (WatchEvent one in At(revision))
            {
                if (range.Contains(one.KeyValue.Key.Span))
                    yield return one;
            }
        }
    }

    /// <summary>Returns a key as text that sorts as its bytes do.</summary>
    public static string TextOf(ReadOnlySpan<byte> key) => Encoding.Latin1.GetString(key);

    /// <summary>Returns a key's bytes, from its text.</summary>
    public static byte[] BytesOf(string key) => Encoding.Latin1.GetBytes(key);

    private static KeyValue? VersionAt(List<WatchEvent> versions, Revision at)
    {
        // The newest one that is not newer than the revision.
        (int low, int high) = (0, versions.Count);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (versions[middle].Revision <= at)
                low = middle + 1;
            else
                high = middle;
        }

        return low > 0 && versions[low - 1].Kind is WatchEventKind.Put ? versions[low - 1].KeyValue : null;
    }

    private int IndexOf(Revision revision) => (int)(revision.Value - First.Value - 1);
}
