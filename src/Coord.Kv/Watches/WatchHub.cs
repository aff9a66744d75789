using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Watches;

/// <summary>All watches of a member. Hands new changes to those that are live. Pure; under the store's lock.</summary>
internal sealed class WatchHub
{
    // Watches of single keys are found by their key; the others are asked one by one.
    private readonly Dictionary<byte[], List<Watcher>> _byKey = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], List<Watcher>>.AlternateLookup<ReadOnlySpan<byte>> _byKeySpan;
    private readonly List<Watcher> _byRange = [];
    private readonly HashSet<Watcher> _toWake = [];

    public WatchHub() => _byKeySpan = _byKey.GetAlternateLookup<ReadOnlySpan<byte>>();

    public int Count { get; private set; }

    public void Add(Watcher watcher)
    {
        Count++;
        if (!watcher.Range.IsSingleKey)
        {
            _byRange.Add(watcher);
            return;
        }

        byte[] key = watcher.Range.Key.ToArray();
        if (!_byKey.TryGetValue(key, out List<Watcher>? watchers))
            _byKey.Add(key, watchers = []);
        watchers.Add(watcher);
    }

    public void Remove(Watcher watcher)
    {
        _toWake.Remove(watcher);
        if (!watcher.Range.IsSingleKey)
        {
            if (_byRange.Remove(watcher))
                Count--;
            return;
        }

        byte[] key = watcher.Range.Key.ToArray();
        if (!_byKey.TryGetValue(key, out List<Watcher>? watchers) || !watchers.Remove(watcher))
            return;

        Count--;
        if (watchers.Count == 0)
            _byKey.Remove(key);
    }

    /// <summary>Hands a new change to the watches that want it; they wake at <see cref="Wake"/>.</summary>
    public void Publish(KeyVersion change)
    {
        if (Count == 0)
            return;

        ChangeEvents events = new(change);
        if (_byKeySpan.TryGetValue(change.Key, out List<Watcher>? watchers))
            Publish(ref events, watchers);
        Publish(ref events, _byRange);
    }

    /// <summary>Wakes the readers of all watches that were handed something since the last time.</summary>
    public void Wake()
    {
        foreach (Watcher watcher in _toWake)
            watcher.Wake();
        _toWake.Clear();
    }

    /// <summary>Makes all watches read from history: the state was replaced.</summary>
    /// <param name="revision">The first revision that live watches have not been offered.</param>
    public void FallBehind(long revision)
    {
        foreach (Watcher watcher in All())
        {
            if (watcher.IsLive)
                watcher.FallBehind(revision);
            watcher.Wake();
        }
    }

    /// <summary>Ends all watches.</summary>
    public void Fail(Exception failure)
    {
        foreach (Watcher watcher in All())
            watcher.Fail(failure);
    }

    private IEnumerable<Watcher> All() => _byRange.Concat(_byKey.Values.SelectMany(watchers => watchers));

    private void Publish(ref ChangeEvents events, List<Watcher> watchers)
    {
        foreach (Watcher watcher in watchers)
        {
            if (!watcher.IsLive || !watcher.Wants(events.Change))
                continue;

            watcher.Offer(ref events);
            _toWake.Add(watcher);
        }
    }
}
