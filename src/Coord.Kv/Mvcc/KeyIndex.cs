using System.Diagnostics;

namespace Coord.Kv.Mvcc;

/// <summary>All keys in order: a B+tree from key bytes to histories. Owned by the store; under its lock.</summary>
/// <remarks>
/// Leaves are chained, so that a scan never climbs. A node that becomes empty is unlinked at once; nodes that are
/// merely poorly filled are left alone, for deletions here are followed by insertions nearby.
/// Always true: all leaves have the same depth; only the root may be an empty leaf; in an inner node every key below
/// child <c>i</c> is at or above separator <c>i</c> and below separator <c>i + 1</c>.
/// </remarks>
internal sealed class KeyIndex
{
    private const int Fanout = 64;

    private readonly Stack<(Node Node, int Child)> _path = [];
    private Node _root = new(isLeaf: true);

    public int Count { get; private set; }

    /// <summary>Finds the history of one key.</summary>
    public KeyHistory? Find(ReadOnlySpan<byte> key)
    {
        Node leaf = FindLeaf(key);
        return leaf.TryFindItem(key, out int index) ? leaf.Items[index] : null;
    }

    /// <summary>Starts a scan at the first key that is not below the given one.</summary>
    public Cursor Seek(ReadOnlySpan<byte> key)
    {
        Node leaf = FindLeaf(key);
        leaf.TryFindItem(key, out int index);
        return new Cursor(leaf, index);
    }

    /// <summary>Finds the history of a key, and creates an empty one if the key is new.</summary>
    public KeyHistory GetOrAdd(ReadOnlySpan<byte> key)
    {
        if (_root.Count == Fanout)
        {
            Node root = new(isLeaf: false) { Count = 1 };
            root.Children[0] = _root;
            _root = root;
            SplitChild(root, 0);
        }

        // Full nodes are split on the way down, so that a split never has to climb back up.
        Node node = _root;
        while (!node.IsLeaf)
        {
            int child = node.ChildFor(key);
            if (node.Children[child].Count == Fanout)
            {
                SplitChild(node, child);
                child = node.ChildFor(key);
            }

            node = node.Children[child];
        }

        if (node.TryFindItem(key, out int index))
            return node.Items[index];

        KeyHistory history = new(key.ToArray());
        Array.Copy(node.Items, index, node.Items, index + 1, node.Count - index);
        node.Items[index] = history;
        node.Count++;
        Count++;
        return history;
    }

    /// <summary>Removes a key that is there.</summary>
    public void Remove(ReadOnlySpan<byte> key)
    {
        _path.Clear();
        Node node = _root;
        while (!node.IsLeaf)
        {
            int child = node.ChildFor(key);
            _path.Push((node, child));
            node = node.Children[child];
        }

        bool found = node.TryFindItem(key, out int index);
        Debug.Assert(found, "Only a key that is there is removed.");
        node.RemoveAt(index);
        Count--;
        if (node.Count > 0 || node == _root)
            return;

        node.Unchain();
        RemoveEmptyChild();
    }

    /// <summary>Checks the remarks of this type by a walk over everything.</summary>
    [Conditional("DEBUG")]
    public void AssertInvariants()
    {
        List<Node> leaves = [];
        AssertInvariants(_root, default, leaves);
        Debug.Assert(leaves.Sum(leaf => leaf.Count) == Count, "Every key is counted.");
        for (int i = 0; i < leaves.Count; i++)
        {
            Debug.Assert(leaves[i].Next == leaves.ElementAtOrDefault(i + 1), "The leaves are chained in order.");
            Debug.Assert(leaves[i].Count > 0 || leaves[i] == _root, "Only the root may be empty.");
        }
    }

    private static int AssertInvariants(Node node, ReadOnlySpan<byte> from, List<Node> leaves)
    {
        if (node.IsLeaf)
        {
            leaves.Add(node);
            foreach (KeyHistory item in node.Items.AsSpan(0, node.Count))
                Debug.Assert(item.Key.AsSpan().SequenceCompareTo(from) >= 0, "No key is below its separator.");
            return 1;
        }

        int depth = AssertInvariants(node.Children[0], from, leaves);
        for (int i = 1; i < node.Count; i++)
        {
            int other = AssertInvariants(node.Children[i], node.Separators[i], leaves);
            Debug.Assert(other == depth, "All leaves have the same depth.");
        }

        return depth + 1;
    }

    private static void SplitChild(Node parent, int index)
    {
        Node left = parent.Children[index];
        Node right = left.SplitOff(out byte[] separator);
        Array.Copy(parent.Children, index + 1, parent.Children, index + 2, parent.Count - index - 1);
        Array.Copy(parent.Separators, index + 1, parent.Separators, index + 2, parent.Count - index - 1);
        parent.Children[index + 1] = right;
        parent.Separators[index + 1] = separator;
        parent.Count++;
    }

    private Node FindLeaf(ReadOnlySpan<byte> key)
    {
        Node node = _root;
        while (!node.IsLeaf)
            node = node.Children[node.ChildFor(key)];
        return node;
    }

    private void RemoveEmptyChild()
    {
        while (_path.TryPop(out (Node Node, int Child) step))
        {
            step.Node.RemoveAt(step.Child);
            if (step.Node.Count > 0)
                break;
        }

        while (!_root.IsLeaf && _root.Count <= 1)
            _root = _root.Count == 1 ? _root.Children[0] : new Node(isLeaf: true);
    }

    /// <summary>A place in the order of keys; valid until the index changes.</summary>
    internal struct Cursor
    {
        private Node? _leaf;
        private int _index;

        internal Cursor(Node leaf, int index)
        {
            _leaf = leaf;
            _index = index;
        }

        /// <summary>Takes the history at this place and moves on.</summary>
        public bool TryTake(out KeyHistory history)
        {
            while (_leaf is not null && _index >= _leaf.Count)
            {
                _leaf = _leaf.Next;
                _index = 0;
            }

            history = _leaf is null ? null! : _leaf.Items[_index++];
            return _leaf is not null;
        }
    }

    /// <summary>A node; a leaf has items, an inner node has children and the separators below them.</summary>
    internal sealed class Node(bool isLeaf)
    {
        public readonly KeyHistory[] Items = isLeaf ? new KeyHistory[Fanout] : [];
        public readonly Node[] Children = isLeaf ? [] : new Node[Fanout];
        public readonly byte[][] Separators = isLeaf ? [] : new byte[Fanout][]; // [0] is not used
        public int Count;
        public Node? Next;
        private Node? _previous;

        public bool IsLeaf => isLeaf;

        public int ChildFor(ReadOnlySpan<byte> key)
        {
            int low = 1;
            int high = Count;
            while (low < high)
            {
                int middle = (low + high) >>> 1;
                if (key.SequenceCompareTo(Separators[middle]) < 0)
                    high = middle;
                else
                    low = middle + 1;
            }

            return low - 1;
        }

        public bool TryFindItem(ReadOnlySpan<byte> key, out int index)
        {
            int low = 0;
            int high = Count;
            while (low < high)
            {
                int middle = (low + high) >>> 1;
                int order = key.SequenceCompareTo(Items[middle].Key);
                if (order == 0)
                {
                    index = middle;
                    return true;
                }

                if (order < 0)
                    high = middle;
                else
                    low = middle + 1;
            }

            index = low;
            return false;
        }

        public void RemoveAt(int index)
        {
            Count--;
            if (isLeaf)
            {
                Array.Copy(Items, index + 1, Items, index, Count - index);
                Items[Count] = null!;
                return;
            }

            Array.Copy(Children, index + 1, Children, index, Count - index);
            Array.Copy(Separators, index + 1, Separators, index, Count - index);
            Children[Count] = null!;
            Separators[Count] = null!;
        }

        public Node SplitOff(out byte[] separator)
        {
            // Keys often come in ascending order; then a split in the middle would leave every node half empty.
            int keep = isLeaf && Next is null ? Fanout - 1 : Fanout / 2;
            Node right = new(isLeaf) { Count = Count - keep };
            if (isLeaf)
            {
                Array.Copy(Items, keep, right.Items, 0, right.Count);
                Array.Clear(Items, keep, right.Count);
                separator = right.Items[0].Key;
                right.Next = Next;
                right._previous = this;
                Next?._previous = right;
                Next = right;
            }
            else
            {
                Array.Copy(Children, keep, right.Children, 0, right.Count);
                Array.Copy(Separators, keep, right.Separators, 0, right.Count);
                Array.Clear(Children, keep, right.Count);
                Array.Clear(Separators, keep, right.Count);
                separator = right.Separators[0];
            }

            Count = keep;
            return right;
        }

        public void Unchain()
        {
            _previous?.Next = Next;
            Next?._previous = _previous;
        }
    }
}
