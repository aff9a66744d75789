namespace Coord.Kv.Watches;

/// <summary>The watches of one key, or of one range: a chain, and its place in the tree of ranges.</summary>
/// <remarks>Owned by <see cref="WatchHub"/>; under the store's lock. Single keys do not use the tree.</remarks>
internal sealed class WatchGroup(KeyRange range)
{
    /// <summary>Gets the range; its bytes are shared by all watches of it.</summary>
    public KeyRange Range { get; } = new(range.Key.ToArray(), range.RangeEnd.ToArray());

    public Watcher? First { get; private set; }

    public WatchGroup? Left { get; set; }

    public WatchGroup? Right { get; set; }

    /// <summary>Gets or sets the group below or at this one whose range ends last.</summary>
    public WatchGroup Last { get; set; } = null!;

    public uint Priority { get; set; }

    public void Add(Watcher watcher)
    {
        watcher.Group = this;
        watcher.NextInGroup = First;
        First?.PreviousInGroup = watcher;
        First = watcher;
    }

    public void Remove(Watcher watcher)
    {
        if (watcher.PreviousInGroup is { } previous)
            previous.NextInGroup = watcher.NextInGroup;
        else
            First = watcher.NextInGroup;
        watcher.NextInGroup?.PreviousInGroup = watcher.PreviousInGroup;
        watcher.PreviousInGroup = null;
        watcher.NextInGroup = null;
    }
}
