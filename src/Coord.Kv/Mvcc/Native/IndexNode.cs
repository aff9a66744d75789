using System.Buffers.Binary;
using System.Diagnostics;

namespace Coord.Kv.Mvcc.Native;

/// <summary>A node of the index in an arena: this head, then columns with one place for each entry.</summary>
/// <remarks>
/// A leaf has the keys; an inner node has children, and in place of a key the separator below each, not used for the
/// first. The columns are: 8 bytes of each key, as a number; the addresses of the keys; of an inner node, the children.
/// The 8 bytes are those behind the <see cref="Shared"/> first ones, which all keys of the node have in common and
/// the head repeats. So nearly all comparisons look at the node alone, whatever prefix the keys share.
/// </remarks>
internal unsafe struct IndexNode
{
    public const int HeadBytes = 64;
    public const int MaxShared = HeadBytes - 20;

    /// <summary>The neighbours of a leaf.</summary>
    public IndexNode* Next;
    public IndexNode* Previous;
    public short Count;
    public bool IsLeaf;

    /// <summary>How many first bytes of the keys are the same, as far as they are left out of the words.</summary>
    public byte Shared;
    private fixed byte _common[MaxShared];

    /// <summary>Gets the place of the first entry with a key: an inner node has none below its first child.</summary>
    public readonly int FirstKey => IsLeaf ? 0 : 1;

    public static int SizeOf(bool isLeaf, int fanout) => HeadBytes + (fanout * (isLeaf ? 16 : 24));

    public static Span<byte> CommonOf(IndexNode* node) => new(node->_common, node->Shared);

    public static ulong* WordsOf(IndexNode* node) => (ulong*)((byte*)node + HeadBytes);

    public static KeyRecord** KeysOf(IndexNode* node, int fanout) => (KeyRecord**)(WordsOf(node) + fanout);

    public static IndexNode** ChildrenOf(IndexNode* node, int fanout)
    {
        Debug.Assert(!node->IsLeaf, "A leaf has no children.");
        return (IndexNode**)(WordsOf(node) + (2 * fanout));
    }

    /// <summary>Returns the bytes of a key behind the first ones, as a number that is ordered as they are.</summary>
    public static ulong WordAt(ReadOnlySpan<byte> key, int start)
    {
        if (key.Length - start >= sizeof(ulong))
            return BinaryPrimitives.ReadUInt64BigEndian(key[start..]);

        // Zeroes stand for what is missing: keys that differ in that alone are told apart by their length.
        ulong word = 0;
        for (int i = start; i < key.Length; i++)
            word |= (ulong)key[i] << (56 - ((i - start) * 8));
        return word;
    }

    /// <summary>Finds a key.</summary>
    /// <param name="node">Where.</param>
    /// <param name="fanout">How many entries a node has room for.</param>
    /// <param name="key">The key.</param>
    /// <param name="place">Where it is, or else where the first greater one is, or the end.</param>
    public static bool TryFind(IndexNode* node, int fanout, ReadOnlySpan<byte> key, out int place)
    {
        int low = node->FirstKey;
        int high = node->Count;
        int shared = node->Shared;
        if (shared > 0)
        {
            int order = key[..Math.Min(shared, key.Length)].SequenceCompareTo(CommonOf(node));
            if (order != 0)
            {
                place = order < 0 ? low : high;
                return false;
            }
        }

        ulong word = WordAt(key, shared);
        ulong* words = WordsOf(node);
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            ulong other = words[middle];
            int order = word < other ? -1 : word > other ? 1 : CompareRest(node, fanout, key, middle);
            if (order == 0)
            {
                place = middle;
                return true;
            }

            if (order < 0)
                high = middle;
            else
                low = middle + 1;
        }

        place = low;
        return false;
    }

    /// <summary>Returns the child that a key belongs to.</summary>
    public static int ChildFor(IndexNode* node, int fanout, ReadOnlySpan<byte> key) =>
        TryFind(node, fanout, key, out int place) ? place : place - 1;

    /// <summary>Puts an entry into a node that has room.</summary>
    public static void Insert(IndexNode* node, int fanout, int place, KeyRecord* key, IndexNode* child)
    {
        Debug.Assert(node->Count < fanout, "There is room.");
        Debug.Assert(place >= node->FirstKey, "An entry with a key does not come before the first.");
        ReadOnlySpan<byte> bytes = KeyRecord.KeyOf(key);
        int shared = bytes.CommonPrefixLength(CommonOf(node));
        if (shared < node->Shared)
            SetShared(node, fanout, shared);

        Move(node, fanout, place, node, place + 1, node->Count - place);
        WordsOf(node)[place] = WordAt(bytes, node->Shared);
        KeysOf(node, fanout)[place] = key;
        if (!node->IsLeaf)
            ChildrenOf(node, fanout)[place] = child;
        node->Count++;
    }

    /// <summary>Takes an entry out of a node.</summary>
    public static void RemoveAt(IndexNode* node, int fanout, int place)
    {
        Move(node, fanout, place + 1, node, place, node->Count - place - 1);
        node->Count--;
    }

    /// <summary>Appends the entries of a node from a place on to another node; they stay where they are, too.</summary>
    public static void AppendFrom(IndexNode* source, int fanout, int place, IndexNode* target)
    {
        int start = target->Count;
        Move(source, fanout, place, target, start, source->Count - place);
        target->Count += (short)(source->Count - place);

        // The words may be of another place in the keys.
        SetShared(target, fanout, CommonPrefix(target, fanout));
    }

    /// <summary>Leaves more of the keys out, if the words do not tell them apart.</summary>
    public static void Refine(IndexNode* node, int fanout)
    {
        ulong* words = WordsOf(node);
        for (int i = node->FirstKey + 1; i < node->Count; i++)
        {
            if (words[i - 1] != words[i])
                continue;

            int shared = CommonPrefix(node, fanout);
            if (shared != node->Shared)
                SetShared(node, fanout, shared);
            return;
        }
    }

    private static int CompareRest(IndexNode* node, int fanout, ReadOnlySpan<byte> key, int place)
    {
        ReadOnlySpan<byte> other = KeyRecord.KeyOf(KeysOf(node, fanout)[place]);
        int behind = node->Shared + sizeof(ulong);
        return key.Length > behind && other.Length > behind
            ? key[behind..].SequenceCompareTo(other[behind..])
            : key.Length.CompareTo(other.Length);
    }

    private static int CommonPrefix(IndexNode* node, int fanout)
    {
        if (node->Count <= node->FirstKey)
            return 0;

        // What the first and the last have in common, all between them have.
        KeyRecord** keys = KeysOf(node, fanout);
        ReadOnlySpan<byte> first = KeyRecord.KeyOf(keys[node->FirstKey]);
        return Math.Min(MaxShared, first.CommonPrefixLength(KeyRecord.KeyOf(keys[node->Count - 1])));
    }

    private static void SetShared(IndexNode* node, int fanout, int shared)
    {
        node->Shared = (byte)shared;
        KeyRecord** keys = KeysOf(node, fanout);
        if (node->Count > node->FirstKey)
            KeyRecord.KeyOf(keys[node->FirstKey])[..shared].CopyTo(CommonOf(node));
        for (int i = node->FirstKey; i < node->Count; i++)
            WordsOf(node)[i] = WordAt(KeyRecord.KeyOf(keys[i]), shared);
    }

    private static void Move(IndexNode* source, int fanout, int from, IndexNode* target, int to, int count)
    {
        Debug.Assert(count >= 0, "Nothing less than nothing is moved.");
        Debug.Assert(to + count <= fanout, "What is moved stays in the node.");
        Copy(WordsOf(source) + from, WordsOf(target) + to, count);
        Copy(KeysOf(source, fanout) + from, KeysOf(target, fanout) + to, count);
        if (!source->IsLeaf)
            Copy(ChildrenOf(source, fanout) + from, ChildrenOf(target, fanout) + to, count);
    }

    private static void Copy(void* source, void* target, int count) =>
        Buffer.MemoryCopy(source, target, count * sizeof(ulong), count * sizeof(ulong));
}
