using System.Diagnostics;

namespace Coord.Kv.Mvcc.Native;

/// <content>Checks what is always true of the index.</content>
internal sealed unsafe partial class KeyIndex
{
    /// <summary>Checks the remarks of this type by a walk over everything.</summary>
    [Conditional("DEBUG")]
    public void AssertInvariants()
    {
        List<nint> leaves = [];
        AssertInvariants(_root, default, leaves);
        int keys = 0;
        for (int i = 0; i < leaves.Count; i++)
        {
            IndexNode* leaf = (IndexNode*)leaves[i];
            keys += leaf->Count;
            Debug.Assert((nint)leaf->Next == leaves.ElementAtOrDefault(i + 1), "The leaves are chained in order.");
            Debug.Assert((nint)leaf->Previous == leaves.ElementAtOrDefault(i - 1), "The chain leads back.");
            Debug.Assert(leaf->Count > 0 || leaf == _root, "Only the root may be empty.");
        }

        Debug.Assert(keys == Count, "Every key is counted.");
        Debug.Assert((nint)_last == leaves[^1], "The last leaf is known.");
    }

    private int AssertInvariants(IndexNode* node, ReadOnlySpan<byte> from, List<nint> leaves)
    {
        AssertWords(node, from);
        if (node->IsLeaf)
        {
            leaves.Add((nint)node);
            return 1;
        }

        IndexNode** children = IndexNode.ChildrenOf(node, _fanout);
        int depth = AssertInvariants(children[0], from, leaves);
        for (int i = 1; i < node->Count; i++)
        {
            ReadOnlySpan<byte> separator = KeyRecord.KeyOf(IndexNode.KeysOf(node, _fanout)[i]);
            int other = AssertInvariants(children[i], separator, leaves);
            Debug.Assert(other == depth, "All leaves have the same depth.");
        }

        return depth + 1;
    }

    private void AssertWords(IndexNode* node, ReadOnlySpan<byte> from)
    {
        ReadOnlySpan<byte> before = from;
        for (int i = node->FirstKey; i < node->Count; i++)
        {
            ReadOnlySpan<byte> key = KeyRecord.KeyOf(IndexNode.KeysOf(node, _fanout)[i]);
            int order = key.SequenceCompareTo(before);
            Debug.Assert(order > 0 || (order == 0 && i == 0), "Keys ascend, and none is below its separator.");
            Debug.Assert(key.StartsWith(IndexNode.CommonOf(node)), "What is left out is common to all.");
            ulong word = IndexNode.WordAt(key, node->Shared);
            Debug.Assert(IndexNode.WordsOf(node)[i] == word, "The words are of the keys.");
            before = key;
        }
    }
}
