using System.Text;

namespace Coord.Kv.Coordination;

/// <content>The names of the keys under the lease, and the removal of those that nobody wants any more.</content>
public sealed partial class CoordinationSession
{
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private long _extraKeys;

    /// <summary>Names a key that nothing else of this session uses.</summary>
    /// <remarks>
    /// It is the name that etcd's recipes give, prefix and lease in hexadecimal. Only if that is in use, by another
    /// task of this process that shares the session, a number follows: the two exclude each other like strangers.
    /// </remarks>
    internal string ClaimKey(string prefix)
    {
        string key = $"{prefix}{Lease.Value:x}";
        lock (_lock)
        {
            while (!_keys.Add(key))
                key = $"{prefix}{Lease.Value:x}.{++_extraKeys:x}";
        }

        return key;
    }

    /// <summary>Gives a name back, once there is no such key.</summary>
    internal void FreeKey(string key)
    {
        lock (_lock)
            _keys.Remove(key);
    }

    /// <summary>Deletes a key in the background, until that is done or the lease has ended and done it.</summary>
    /// <param name="key">Which key.</param>
    /// <param name="mayAppear">Whether a put of it may be on its way yet.</param>
    internal void Abandon(string key, bool mayAppear) => _ = AbandonAsync(key, mayAppear);

    private async Task AbandonAsync(string key, bool mayAppear)
    {
        try
        {
            await DeleteOwnAsync(key).ConfigureAwait(false);
            if (mayAppear)
            {
                // No log holds a proposal back for so long. The name stays in use until then, so that nobody's new
                // place in line is deleted instead.
                await Task.Delay(TimeToLive, Clock, Lost).ConfigureAwait(false);
                await DeleteOwnAsync(key).ConfigureAwait(false);
            }

            FreeKey(key);
        }
        catch (OperationCanceledException)
        {
            // The session is lost: the lease ends, and the key with it.
        }
    }

    private async Task DeleteOwnAsync(string key)
    {
        KeyRange range = new(Encoding.UTF8.GetBytes(key));
        Transaction delete = Transaction.If(Comparison.OfLease(range, ComparisonOperator.Equal, Lease))
            .Then(Operation.Delete(range));
        while (!await TryCommitAsync(delete).ConfigureAwait(false))
            await StoreRetry.PauseAsync(Clock, Lost).ConfigureAwait(false);
    }

    private async Task<bool> TryCommitAsync(Transaction transaction)
    {
        try
        {
            await Store.CommitAsync(transaction, Lost).ConfigureAwait(false);
            return true;
        }
        catch (Exception refused) when (refused is not (OperationCanceledException or OutOfMemoryException))
        {
            // Nobody waits for it, so nobody can be told, and as long as the lease lives the key stands in the way.
            return false;
        }
    }
}
