using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Watches;

/// <summary>All watches of a member. Hands new changes to those that are live. Pure; under the store's lock.</summary>
/// <remarks>
/// Watches of one key or one range are found together: those of a key by a hash of it, those of ranges by a tree. The
/// time for a change grows with the watches that contain its key, not with those that do not.
/// </remarks>
internal sealed class WatchHub
{
    private readonly Dictionary<byte[], WatchGroup> _byKey = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], WatchGroup>.AlternateLookup<ReadOnlySpan<byte>> _byKeySpan;
    private readonly RangeTree _byRange = new();
    private readonly HashSet<WatchChannel> _channels = [];
    private readonly List<WatchChannel> _toWake = [];
    private readonly List<WatchGroup> _found = [];

    public WatchHub() => _byKeySpan = _byKey.GetAlternateLookup<ReadOnlySpan<byte>>();

    public int Count { get; private set; }

    public void Open(WatchChannel channel) => _channels.Add(channel);

    public void Close(WatchChannel channel)
    {
        channel.RemoveAll();
        _channels.Remove(channel);
    }

    public void Add(Watcher watcher, KeyRange range)
    {
        Count++;
        if (!range.IsSingleKey)
        {
            _byRange.GetOrAdd(range).Add(watcher);
            return;
        }

        if (!_byKeySpan.TryGetValue(range.Key.Span, out WatchGroup? group))
            _byKeySpan[range.Key.Span] = group = new(range);
        group.Add(watcher);
    }

    public void Remove(Watcher watcher)
    {
        Count--;
        WatchGroup group = watcher.Group;
        group.Remove(watcher);
        if (group.First is not null)
            return;

        if (group.Range.IsSingleKey)
            _byKeySpan.Remove(group.Range.Key.Span);
        else
            _byRange.Remove(group);
    }

    /// <summary>Hands a new change to the watches that want it; they wake at <see cref="Wake"/>.</summary>
    public void Publish(KeyVersion change)
    {
        if (Count == 0)
            return;

        ChangeEvents events = new(change);
        if (_byKeySpan.TryGetValue(change.Key, out WatchGroup? group))
            Publish(ref events, group);

        _found.Clear();
        _byRange.Find(change.Key, _found);
        foreach (WatchGroup range in _found)
            Publish(ref events, range);
    }

    /// <summary>Wakes the readers of all watches that were handed something since the last time.</summary>
    public void Wake()
    {
        foreach (WatchChannel channel in _toWake)
        {
            channel.IsToWake = false;
            channel.Wake();
        }

        _toWake.Clear();
    }

    /// <summary>Makes all watches read from history: the state was replaced.</summary>
    /// <param name="revision">The first revision that live watches have not been offered.</param>
    public void FallBehind(long revision)
    {
        foreach (WatchChannel channel in _channels)
            channel.FallBehind(revision);
    }

    public void ReportProgress()
    {
        foreach (WatchChannel channel in _channels)
            channel.ReportProgress();
    }

    /// <summary>Ends all streams.</summary>
    public void Fail(Exception failure)
    {
        foreach (WatchChannel channel in _channels)
            channel.Fail(failure);
    }

    /// <summary>Ends the streams with a watch that needs a leader.</summary>
    public void FailThoseThatRequireLeader(Exception failure)
    {
        foreach (WatchChannel channel in _channels)
        {
            if (channel.Watchers.Any(watcher => watcher.RequiresLeader))
                channel.Fail(failure);
        }
    }

    private void Publish(ref ChangeEvents events, WatchGroup group)
    {
        for (Watcher? watcher = group.First; watcher is not null; watcher = watcher.NextInGroup)
        {
            if (!watcher.IsLive || !watcher.Wants(events.Change))
                continue;

            WatchChannel channel = watcher.Channel;
            channel.Offer(watcher, ref events);
            if (channel.IsToWake)
                continue;
            channel.IsToWake = true;
            _toWake.Add(channel);
        }
    }
}
