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
        if (TryFindConflict(transaction, out ReadOnlyMemory<byte> key))
        {
            throw new ArgumentException(
                $"The key {KeyText.Of(key.Span)} is put twice, or put and deleted, in one transaction.",
                nameof(transaction));
        }
    }

    /// <summary>Finds a key that would be put twice, or put and deleted, on one path.</summary>
    /// <exception cref="ArgumentException">It is nested too deeply.</exception>
    public static bool TryFindConflict(Transaction transaction, out ReadOnlyMemory<byte> key)
    {
        ThrowIfTooDeep(transaction, depth: 1);
        return WriteConflicts.TryFind(transaction.Success, out key)
            || WriteConflicts.TryFind(transaction.Failure, out key);
    }

    private static void ThrowIfTooDeep(Transaction transaction, int depth)
    {
        if (depth > TransactionCodec.MaxDepth)
            ThrowTooMany(transaction);

        foreach (NestedOperation inner in transaction.Success.OfType<NestedOperation>())
            ThrowIfTooDeep(inner.Transaction, depth + 1);
        foreach (NestedOperation inner in transaction.Failure.OfType<NestedOperation>())
            ThrowIfTooDeep(inner.Transaction, depth + 1);
    }

    private static void ThrowTooMany(Transaction transaction) =>
        throw new ArgumentException("The transaction has too many operations.", nameof(transaction));

    /// <summary>
    /// Counts and looks at the parts. The longest list of a transaction is taken from what it may have; what is left is
    /// for each of the transactions in it.
    /// </summary>
    private static void CheckParts(Transaction transaction, int maxOperations, int depth, KeyValueOptions options)
    {
        int longest = Math.Max(
            transaction.Conditions.Count, Math.Max(transaction.Success.Count, transaction.Failure.Count));
        if (longest > maxOperations || depth > TransactionCodec.MaxDepth)
            ThrowTooMany(transaction);

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
                ThrowIfLarger("The key", delete.Range.Key.Length, options.MaxKeyBytes);
                ThrowIfLarger("The end of the range", delete.Range.RangeEnd.Length, options.MaxKeyBytes);
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
