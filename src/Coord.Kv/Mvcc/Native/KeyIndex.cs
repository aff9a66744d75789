using System.Diagnostics;

namespace Coord.Kv.Mvcc.Native;

/// <summary>
/// All keys in order: a B+tree from key bytes to key records, in an arena. Owned by the store; under its lock.
/// </summary>
/// <remarks>
/// Leaves are chained, so that a scan never climbs. A node that becomes empty is unlinked; one that falls below a
/// quarter is merged with a neighbour if both fit into three quarters, so that what comes and goes at random
/// leaves no trail of nearly empty nodes.
/// Always true: all leaves have the same depth; only the root may be an empty leaf; in an inner node every key below
/// child <c>i</c> is at or above separator <c>i</c> and below separator <c>i + 1</c>.
/// </remarks>
internal sealed unsafe partial class KeyIndex
{
    public const int DefaultFanout = 68; // A leaf fills a block of 1,152 bytes.

    private const int MaxDepth = 32;

    private readonly NativeArena _arena;
    private readonly int _fanout;
    private readonly IndexNode*[] _path = new IndexNode*[MaxDepth];
    private readonly int[] _pathChildren = new int[MaxDepth];
    private IndexNode* _root;
    private IndexNode* _last;

    public KeyIndex(NativeArena arena, int fanout = DefaultFanout)
    {
        Debug.Assert(fanout is >= 4 and < 1024, "A node can be split, and counts in a short.");
        _arena = arena;
        _fanout = fanout;
        _root = CreateNode(isLeaf: true);
        _last = _root;
    }

    public int Count { get; private set; }

    /// <summary>Finds the history of one key.</summary>
    public KeyHistory? Find(ReadOnlySpan<byte> key)
    {
        IndexNode* leaf = FindLeaf(key);
        return IndexNode.TryFind(leaf, _fanout, key, out int place)
            ? new KeyHistory(IndexNode.KeysOf(leaf, _fanout)[place])
            : null;
    }

    /// <summary>Starts a scan at the first key that is not below the given one.</summary>
    public Cursor Seek(ReadOnlySpan<byte> key)
    {
        IndexNode* leaf = FindLeaf(key);
        IndexNode.TryFind(leaf, _fanout, key, out int place);
        return new Cursor(leaf, place, _fanout);
    }

    /// <summary>Finds the history of a key, and creates an empty one if the key is new.</summary>
    /// <remarks>
    /// Keys that rise, as those of logs, queues and most snapshots do, are appended without a search from the root.
    /// </remarks>
    public KeyHistory GetOrAdd(ReadOnlySpan<byte> key)
    {
        Debug.Assert(!key.IsEmpty, "A key has at least one byte.");
        if (_last->Count < _fanout && key.SequenceCompareTo(LastKey) > 0)
            return Insert(_last, _last->Count, key);

        if (_root->Count == _fanout)
        {
            IndexNode* root = CreateNode(isLeaf: false);
            root->Count = 1;
            IndexNode.ChildrenOf(root, _fanout)[0] = _root;
            _root = root;
            SplitChild(root, 0);
        }

        // Full nodes are split on the way down, so that a split never has to climb back up.
        IndexNode* node = _root;
        while (!node->IsLeaf)
        {
            int child = IndexNode.ChildFor(node, _fanout, key);
            if (IndexNode.ChildrenOf(node, _fanout)[child]->Count == _fanout)
            {
                SplitChild(node, child);
                child = IndexNode.ChildFor(node, _fanout, key);
            }

            node = IndexNode.ChildrenOf(node, _fanout)[child];
            PrefetchWords(node);
        }

        if (IndexNode.TryFind(node, _fanout, key, out int place))
            return new(IndexNode.KeysOf(node, _fanout)[place]);

        return Insert(node, place, key);
    }

    /// <summary>Adds a key that is above all others; the quickest way to build an index from keys in order.</summary>
    public KeyHistory Append(ReadOnlySpan<byte> key)
    {
        Debug.Assert(Count == 0 || key.SequenceCompareTo(LastKey) > 0, "The key is above all others.");
        return GetOrAdd(key);
    }

    /// <summary>Gets the greatest key; nothing if there is none.</summary>
    public ReadOnlySpan<byte> LastKey =>
        Count == 0 ? default : KeyRecord.KeyOf(IndexNode.KeysOf(_last, _fanout)[_last->Count - 1]);

    /// <summary>Removes a key without versions, and frees it.</summary>
    public void Remove(KeyHistory history)
    {
        KeyRecord* record = history.Record;
        Debug.Assert(record->Newest == null, "A key goes with its last version.");
        ReadOnlySpan<byte> key = history.Key;
        int depth = 0;
        IndexNode* node = _root;
        while (!node->IsLeaf)
        {
            int child = IndexNode.ChildFor(node, _fanout, key);
            _path[depth] = node;
            _pathChildren[depth++] = child;
            node = IndexNode.ChildrenOf(node, _fanout)[child];
        }

        bool found = IndexNode.TryFind(node, _fanout, key, out int place);
        Debug.Assert(found, "Only a key that is there is removed.");
        Debug.Assert(IndexNode.KeysOf(node, _fanout)[place] == record, "A key is there once.");
        IndexNode.RemoveAt(node, _fanout, place);
        _arena.Free(record, record->Bytes);
        Count--;
        Shrink(node, depth);
    }

    private KeyHistory Insert(IndexNode* leaf, int place, ReadOnlySpan<byte> key)
    {
        KeyRecord* record = KeyRecord.Create(_arena, key);
        IndexNode.Insert(leaf, _fanout, place, record, null);
        Count++;
        return new(record);
    }

    private IndexNode* FindLeaf(ReadOnlySpan<byte> key)
    {
        IndexNode* node = _root;
        while (!node->IsLeaf)
        {
            node = IndexNode.ChildrenOf(node, _fanout)[IndexNode.ChildFor(node, _fanout, key)];
            PrefetchWords(node);
        }

        return node;
    }

    /// <summary>A search in a node jumps about in its words: better to wait for all of them at once.</summary>
    private void PrefetchWords(IndexNode* node) =>
        Prefetch.Lines(node, IndexNode.HeadBytes + (_fanout * sizeof(ulong)));

    private IndexNode* CreateNode(bool isLeaf)
    {
        IndexNode* node = (IndexNode*)_arena.Allocate(IndexNode.SizeOf(isLeaf, _fanout));
        *node = new IndexNode { IsLeaf = isLeaf };
        return node;
    }

    private void FreeNode(IndexNode* node) => _arena.Free(node, IndexNode.SizeOf(node->IsLeaf, _fanout));

    private void SplitChild(IndexNode* parent, int child)
    {
        IndexNode* left = IndexNode.ChildrenOf(parent, _fanout)[child];
        IndexNode* right = CreateNode(left->IsLeaf);

        // Keys often come in ascending order; then a split in the middle would leave every node half empty.
        int keep = left == _last ? _fanout - 1 : _fanout / 2;
        IndexNode.AppendFrom(left, _fanout, keep, right);
        left->Count = (short)keep;
        IndexNode.Refine(left, _fanout);

        // An inner node's first separator moves up; a leaf's first key stays, and a copy of it becomes the separator.
        KeyRecord* first = IndexNode.KeysOf(right, _fanout)[0];
        KeyRecord* separator = first;
        if (left->IsLeaf)
        {
            separator = KeyRecord.Create(_arena, KeyRecord.KeyOf(first));
            Chain(left, right);
        }

        IndexNode.Insert(parent, _fanout, child + 1, separator, right);
        IndexNode.Refine(parent, _fanout);
    }

    private void Chain(IndexNode* left, IndexNode* right)
    {
        right->Next = left->Next;
        right->Previous = left;
        if (left->Next != null)
            left->Next->Previous = right;
        else
            _last = right;
        left->Next = right;
    }

    private void Unchain(IndexNode* leaf)
    {
        if (leaf->Previous != null)
            leaf->Previous->Next = leaf->Next;
        if (leaf->Next != null)
            leaf->Next->Previous = leaf->Previous;
        else
            _last = leaf->Previous;
    }

    /// <summary>Removes or merges what has become too small, from a leaf up.</summary>
    private void Shrink(IndexNode* node, int depth)
    {
        while (depth-- > 0 && node->Count < _fanout / 4)
        {
            IndexNode* parent = _path[depth];
            int child = _pathChildren[depth];
            if (node->Count == 0)
                RemoveChild(parent, child);
            else if (!TryMerge(parent, child) && !TryMerge(parent, child - 1))
                break;
            node = parent;
        }

        while (!_root->IsLeaf && _root->Count <= 1)
        {
            IndexNode* root = _root;
            if (root->Count == 1)
                _root = IndexNode.ChildrenOf(root, _fanout)[0];
            else
                _last = _root = CreateNode(isLeaf: true);
            FreeNode(root);
        }
    }

    /// <summary>Merges a child with the one after it, if there is one and both leave room.</summary>
    private bool TryMerge(IndexNode* parent, int child)
    {
        if (child < 0 || child + 1 >= parent->Count)
            return false;

        IndexNode* left = IndexNode.ChildrenOf(parent, _fanout)[child];
        IndexNode* right = IndexNode.ChildrenOf(parent, _fanout)[child + 1];
        if (left->Count + right->Count > _fanout * 3 / 4)
            return false;

        ref KeyRecord* separator = ref IndexNode.KeysOf(parent, _fanout)[child + 1];
        if (left->IsLeaf)
        {
            _arena.Free(separator, separator->Bytes);
            Unchain(right);
        }
        else
        {
            IndexNode.KeysOf(right, _fanout)[0] = separator;
        }

        IndexNode.AppendFrom(right, _fanout, 0, left);
        FreeNode(right);
        IndexNode.RemoveAt(parent, _fanout, child + 1);
        return true;
    }

    private void RemoveChild(IndexNode* parent, int child)
    {
        IndexNode* node = IndexNode.ChildrenOf(parent, _fanout)[child];
        Debug.Assert(node->Count == 0, "Only an empty node is removed.");
        if (node->IsLeaf)
            Unchain(node);
        FreeNode(node);

        // The first child has no separator; if it goes, the next one's is not needed any more.
        int separatorAt = Math.Max(child, 1);
        if (separatorAt < parent->Count)
        {
            KeyRecord* separator = IndexNode.KeysOf(parent, _fanout)[separatorAt];
            _arena.Free(separator, separator->Bytes);
        }

        IndexNode.RemoveAt(parent, _fanout, child);
    }

    /// <summary>A place in the order of keys; valid until the index changes.</summary>
    internal struct Cursor
    {
        private readonly int _fanout;
        private IndexNode* _leaf;
        private int _place;

        internal Cursor(IndexNode* leaf, int place, int fanout)
        {
            _leaf = leaf;
            _place = place;
            _fanout = fanout;
        }

        /// <summary>Takes the history at this place and moves on.</summary>
        public bool TryTake(out KeyHistory history)
        {
            while (_leaf != null && _place >= _leaf->Count)
            {
                _leaf = _leaf->Next;
                _place = 0;
            }

            if (_leaf == null)
            {
                history = default;
                return false;
            }

            history = new(IndexNode.KeysOf(_leaf, _fanout)[_place++]);
            return true;
        }
    }
}
