namespace Coord.Kv.Commands;

/// <summary>Refuses transactions that no store could do, whatever it holds, before they are sent. Pure.</summary>
internal static class TransactionChecker
{
    /// <summary>Checks a transaction as a whole.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="options">How many operations it may have, and how large a key and a value may be.</param>
    /// <exception cref="ArgumentException">It cannot be done.</exception>
    /// <exception cref="RequestTooLargeException">A key or a value is too large.</exception>
    public static void Check(Transaction transaction, KeyValueOptions options)
    {
        CheckParts(transaction, options.MaxTransactionOperations, depth: 1, options);
        _ = CollectWrites(transaction.Success);
        _ = CollectWrites(transaction.Failure);
    }

    /// <summary>
    /// Counts and looks at the parts. The longest list of a transaction is taken from what it may have; what is left is
    /// for each of the transactions in it.
    /// </summary>
    private static void CheckParts(Transaction transaction, int maxOperations, int depth, KeyValueOptions options)
    {
        int longest = Math.Max(
            transaction.Conditions.Count, Math.Max(transaction.Success.Count, transaction.Failure.Count));
        if (longest > maxOperations || depth > TransactionCodec.MaxDepth)
            throw new ArgumentException("The transaction has too many operations.", nameof(transaction));

        foreach (Comparison condition in transaction.Conditions)
            ThrowIfNoKey(condition.Range.Key);
        foreach (Operation operation in transaction.Success)
            CheckPart(operation, maxOperations - longest, depth, options);
        foreach (Operation operation in transaction.Failure)
            CheckPart(operation, maxOperations - longest, depth, options);
    }

    private static void CheckPart(Operation operation, int maxOperations, int depth, KeyValueOptions options)
    {
        switch (operation)
        {
            case PutOperation put:
                ThrowIfNoKey(put.Key);
                ThrowIfLarger("The key", put.Key.Length, options.MaxKeyBytes);
                ThrowIfLarger("The value", put.Value.Length, options.MaxValueBytes);
                CheckPut(put.Value.Length, put.Options);
                break;
            case GetOperation get:
                ThrowIfNoKey(get.Range.Key);
                ArgumentOutOfRangeException.ThrowIfNegative(get.Options?.Limit ?? 0, nameof(operation));
                break;
            case DeleteOperation delete:
                ThrowIfNoKey(delete.Range.Key);
                break;
            case NestedOperation nested:
                CheckParts(nested.Transaction, maxOperations, depth + 1, options);
                break;
        }
    }

    /// <exception cref="ArgumentException">The options contradict what is put.</exception>
    public static void CheckPut(int valueBytes, PutOptions? options)
    {
        if (options is { KeepValue: true } && valueBytes > 0)
            throw new ArgumentException("A value is given although the key is to keep its own.", nameof(options));
        if (options is { KeepLease: true, Lease.IsNone: false })
            throw new ArgumentException("A lease is given although the key is to keep its own.", nameof(options));
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

    private static void ThrowIfLarger(string part, long bytes, long maxBytes)
    {
        if (bytes > maxBytes)
            throw new RequestTooLargeException(part, bytes, maxBytes);
    }

    private static void ThrowIfNoKey(ReadOnlyMemory<byte> key)
    {
        if (key.IsEmpty)
            throw new ArgumentException("A key of the transaction is empty.", nameof(key));
    }
}
