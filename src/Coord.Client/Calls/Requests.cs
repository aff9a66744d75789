using Coord.Kv;

namespace Coord.Client.Calls;

/// <summary>Looks at requests before they are sent, so that mistakes are told without a server.</summary>
internal static class Requests
{
    private const long MaxLeaseSeconds = 9_000_000_000;

    public static void ThrowIfNoKey(KeyRange range) => ThrowIfEmptyKey(range.Key);

    public static void ThrowIfEmptyKey(ReadOnlyMemory<byte> key)
    {
        if (key.IsEmpty)
            throw new ArgumentException("The key is empty. For all keys use KeyRange.All.", nameof(key));
    }

    public static void ThrowIfWrong(Transaction transaction)
    {
        foreach (Comparison condition in transaction.Conditions)
            ThrowIfNoKey(condition.Range);
        foreach (Operation operation in transaction.Success.Concat(transaction.Failure))
        {
            switch (operation)
            {
                case PutOperation put: ThrowIfEmptyKey(put.Key); break;
                case GetOperation get:
                    ThrowIfNoKey(get.Range);
                    ArgumentOutOfRangeException.ThrowIfNegative(get.Options?.Limit ?? 0, nameof(transaction));
                    break;
                case DeleteOperation delete: ThrowIfNoKey(delete.Range); break;
                case NestedOperation nested: ThrowIfWrong(nested.Transaction); break;
                default: throw new ArgumentException("An operation is missing.", nameof(transaction));
            }
        }
    }

    public static long WholeSeconds(TimeSpan timeToLive)
    {
        long seconds = (long)Math.Ceiling(timeToLive.TotalSeconds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(seconds, MaxLeaseSeconds, nameof(timeToLive));
        return seconds;
    }

    /// <summary>The leases that the puts of a transaction name, on whatever path.</summary>
    public static IEnumerable<LeaseId> Leases(Transaction transaction)
    {
        foreach (Operation operation in transaction.Success.Concat(transaction.Failure))
        {
            if (operation is PutOperation { Options.Lease: { IsNone: false } lease })
                yield return lease;
            if (operation is NestedOperation nested)
            {
                foreach (LeaseId inner in Leases(nested.Transaction))
                    yield return inner;
            }
        }
    }
}
