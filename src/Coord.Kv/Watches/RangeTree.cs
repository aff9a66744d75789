using System.Diagnostics;

namespace Coord.Kv.Watches;

/// <summary>
/// Ranges by their start, each node knowing which range below it ends last: those that contain a key are found without
/// a look at the others. Owned by <see cref="WatchHub"/>; under the store's lock.
/// </summary>
/// <remarks>
/// A treap: its shape depends on the priorities alone, which are well mixed and the same in every run, so it is as
/// balanced as a random tree. Always true: in order of starts, then of ends; no priority is above that of its parent.
/// </remarks>
internal sealed class RangeTree
{
    private WatchGroup? _root;
    private ulong _mix = 0x9e3779b97f4a7c15;

    /// <summary>Finds the group of a range, and makes it if there is none.</summary>
    public WatchGroup GetOrAdd(KeyRange range)
    {
        for (WatchGroup? node = _root; node is not null;)
        {
            int order = Compare(range, node.Range);
            if (order == 0)
                return node;
            node = order < 0 ? node.Left : node.Right;
        }

        WatchGroup added = new(range) { Priority = NextPriority() };
        added.Last = added;
        _root = Insert(_root, added);
        return added;
    }

    /// <summary>Removes a group that is there.</summary>
    public void Remove(WatchGroup group) => _root = Remove(_root, group);

    /// <summary>Collects the groups whose range contains a key.</summary>
    public void Find(ReadOnlySpan<byte> key, List<WatchGroup> found) => Find(_root, key, found);

    private static void Find(WatchGroup? node, ReadOnlySpan<byte> key, List<WatchGroup> found)
    {
        while (node is not null && IsBeforeEnd(key, node.Last.Range))
        {
            Find(node.Left, key, found);
            if (key.SequenceCompareTo(node.Range.Key.Span) < 0)
                return;
            if (IsBeforeEnd(key, node.Range))
                found.Add(node);
            node = node.Right;
        }
    }

    private static bool IsBeforeEnd(ReadOnlySpan<byte> key, KeyRange range) =>
        range.IsOpenEnded || key.SequenceCompareTo(range.RangeEnd.Span) < 0;

    private static WatchGroup Insert(WatchGroup? node, WatchGroup added)
    {
        if (node is null)
            return added;

        if (Compare(added.Range, node.Range) < 0)
        {
            node.Left = Insert(node.Left, added);
            Update(node);
            return node.Left.Priority > node.Priority ? RotateRight(node) : node;
        }

        node.Right = Insert(node.Right, added);
        Update(node);
        return node.Right.Priority > node.Priority ? RotateLeft(node) : node;
    }

    private static WatchGroup? Remove(WatchGroup? node, WatchGroup removed)
    {
        Debug.Assert(node is not null, "Only what is there is removed.");
        if (node == removed)
            return Merge(node.Left, node.Right);

        if (Compare(removed.Range, node!.Range) < 0)
            node.Left = Remove(node.Left, removed);
        else
            node.Right = Remove(node.Right, removed);
        Update(node);
        return node;
    }

    private static WatchGroup? Merge(WatchGroup? left, WatchGroup? right)
    {
        if (left is null || right is null)
            return left ?? right;

        if (left.Priority > right.Priority)
        {
            left.Right = Merge(left.Right, right);
            Update(left);
            return left;
        }

        right.Left = Merge(left, right.Left);
        Update(right);
        return right;
    }

    private static WatchGroup RotateRight(WatchGroup node)
    {
        WatchGroup top = node.Left!;
        node.Left = top.Right;
        top.Right = node;
        Update(node);
        Update(top);
        return top;
    }

    private static WatchGroup RotateLeft(WatchGroup node)
    {
        WatchGroup top = node.Right!;
        node.Right = top.Left;
        top.Left = node;
        Update(node);
        Update(top);
        return top;
    }

    private static void Update(WatchGroup node)
    {
        node.Last = node;
        if (node.Left is { } left && EndsAfter(left.Last.Range, node.Last.Range))
            node.Last = left.Last;
        if (node.Right is { } right && EndsAfter(right.Last.Range, node.Last.Range))
            node.Last = right.Last;
    }

    private static bool EndsAfter(KeyRange a, KeyRange b) =>
        !b.IsOpenEnded && (a.IsOpenEnded || a.RangeEnd.Span.SequenceCompareTo(b.RangeEnd.Span) > 0);

    private static int Compare(KeyRange a, KeyRange b)
    {
        int order = a.Key.Span.SequenceCompareTo(b.Key.Span);
        return order != 0 ? order : a.RangeEnd.Span.SequenceCompareTo(b.RangeEnd.Span);
    }

    private uint NextPriority()
    {
        _mix = (_mix * 6364136223846793005) + 1442695040888963407;
        return (uint)(_mix >> 32);
    }
}
