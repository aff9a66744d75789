namespace Coord.Kv.Tests;

/// <summary>The dumb twin of the search for conflicts: every put is compared with every deletion.</summary>
internal static class PairwiseConflicts
{
    public static bool AreIn(Transaction transaction)
    {
        try
        {
            _ = CollectWrites(transaction.Success);
            _ = CollectWrites(transaction.Failure);
            return false;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    /// <summary>
    /// Collects the keys that a list of operations puts and the ranges that it deletes, inner transactions included.
    /// </summary>
    /// <exception cref="ArgumentException">A key would be put twice, or put and deleted, on one path.</exception>
    private static (HashSet<byte[]> Puts, List<KeyRange> Deletes) CollectWrites(IReadOnlyList<Operation> operations)
    {
        HashSet<byte[]> puts = new(Watches.KeyComparer.Instance);
        List<KeyRange> deletes = [.. operations.OfType<DeleteOperation>().Select(delete => delete.Range)];
        foreach (NestedOperation nested in operations.OfType<NestedOperation>())
        {
            (HashSet<byte[]> thenPuts, List<KeyRange> thenDeletes) = CollectWrites(nested.Transaction.Success);
            (HashSet<byte[]> elsePuts, List<KeyRange> elseDeletes) = CollectWrites(nested.Transaction.Failure);
            foreach (byte[] key in thenPuts)
                Add(key, puts, deletes);

            // Of its two lists one is done: a key may be in both. But it may be in no other transaction beside.
            foreach (byte[] key in elsePuts)
            {
                if (!thenPuts.Contains(key))
                    Add(key, puts, deletes);
                else
                    ThrowIfDeleted(key, deletes);
            }

            deletes.AddRange(thenDeletes);
            deletes.AddRange(elseDeletes);
        }

        foreach (PutOperation put in operations.OfType<PutOperation>())
            Add(put.Key.ToArray(), puts, deletes);
        return (puts, deletes);
    }

    private static void Add(byte[] key, HashSet<byte[]> puts, List<KeyRange> deletes)
    {
        if (!puts.Add(key))
            ThrowDuplicate(key);
        ThrowIfDeleted(key, deletes);
    }

    private static void ThrowIfDeleted(byte[] key, List<KeyRange> deletes)
    {
        foreach (KeyRange range in deletes)
        {
            if (range.Contains(key))
                ThrowDuplicate(key);
        }
    }

    private static void ThrowDuplicate(byte[] key) => throw new ArgumentException(
        $"The key {KeyText.Of(key)} is put twice, or put and deleted, in one transaction.", nameof(key));
}
