using System.Globalization;
using System.Text;
using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>A number in one key that many change. Thread-safe.</summary>
/// <remarks>
/// The value is its decimal text, so that <c>etcdctl get</c> reads it; a missing key is zero. A change is a transaction
/// that holds only if nobody was faster, and else is tried again with what it found: one of those who compete always
/// gets on. Without a quorum the calls fail; if the outcome is unknown, the change may have happened, and only the
/// caller knows how to tell.
/// </remarks>
public sealed class DistributedCounter
{
    private readonly IKeyValueStore _store;
    private readonly KeyRange _key;

    /// <summary>Names a counter.</summary>
    /// <param name="store">The store.</param>
    /// <param name="name">The name, which is the key.</param>
    public DistributedCounter(IKeyValueStore store, string name)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _store = store;
        _key = new(Encoding.UTF8.GetBytes(name));
    }

    /// <summary>Reads it, linearizably.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDataException">The key holds something that is not a number.</exception>
    /// <exception cref="CoordException">There is no quorum at present.</exception>
    public async ValueTask<long> GetAsync(CancellationToken cancellationToken = default)
    {
        GetResult now = await _store.GetAsync(_key, null, cancellationToken).ConfigureAwait(false);
        return NumberOf(now.First);
    }

    /// <summary>Adds to it.</summary>
    /// <param name="delta">What to add; may be negative.</param>
    /// <param name="cancellationToken">Stops waiting; it may be added all the same.</param>
    /// <returns>The number after the addition. No two calls see the same one unless others subtract.</returns>
    /// <exception cref="OverflowException">The sum has no place in 64 bits; nothing happened.</exception>
    /// <exception cref="InvalidDataException">The key holds something that is not a number.</exception>
    /// <exception cref="CoordException">The outcome says whether it may have been added.</exception>
    public ValueTask<long> AddAsync(long delta, CancellationToken cancellationToken = default) =>
        UpdateAsync(number => checked(number + delta), cancellationToken);

    /// <summary>Changes it to what a function makes of it.</summary>
    /// <param name="update">The function; called again whenever somebody else was faster.</param>
    /// <param name="cancellationToken">Stops waiting; it may be changed all the same.</param>
    /// <returns>The number after the change.</returns>
    /// <exception cref="InvalidDataException">The key holds something that is not a number.</exception>
    /// <exception cref="CoordException">The outcome says whether it may have been changed.</exception>
    public async ValueTask<long> UpdateAsync(Func<long, long> update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(update);
        GetResult now = await _store.GetAsync(_key, null, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            long number = update(NumberOf(now.First));
            TransactionResult changed = await PutIfUnchangedAsync(now.First, number, cancellationToken)
                .ConfigureAwait(false);
            if (changed.Succeeded)
                return number;
            now = changed.Results[0].Get!;
        }
    }

    /// <summary>Sets it to a number if it is another one.</summary>
    /// <param name="expected">What it has to be; zero if it is missing.</param>
    /// <param name="number">What it becomes.</param>
    /// <param name="cancellationToken">Stops waiting; it may be set all the same.</param>
    /// <returns>Whether it was as expected and now is the number.</returns>
    /// <exception cref="InvalidDataException">The key holds something that is not a number.</exception>
    /// <exception cref="CoordException">The outcome says whether it may have been set.</exception>
    public async ValueTask<bool> CompareAndSetAsync(
        long expected, long number, CancellationToken cancellationToken = default)
    {
        GetResult now = await _store.GetAsync(_key, null, cancellationToken).ConfigureAwait(false);
        while (NumberOf(now.First) == expected)
        {
            TransactionResult changed = await PutIfUnchangedAsync(now.First, number, cancellationToken)
                .ConfigureAwait(false);
            if (changed.Succeeded)
                return true;
            now = changed.Results[0].Get!;
        }

        return false;
    }

    private static long NumberOf(KeyValue? stored)
    {
        if (stored is null)
            return 0;
        return long.TryParse(
            stored.Value.Span, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new InvalidDataException($"The key '{stored.KeyString}' does not hold a decimal number.");
    }

    private ValueTask<TransactionResult> PutIfUnchangedAsync(
        KeyValue? seen, long number, CancellationToken cancellationToken)
    {
        byte[] value = Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture));
        Revision revision = seen?.ModRevision ?? Revision.Zero;
        Transaction change = Transaction
            .If(Comparison.OfModRevision(_key, ComparisonOperator.Equal, revision))
            .Then(Operation.Put(_key.Key, value, new() { KeepLease = seen is not null }))
            .Else(Operation.Get(_key));
        return _store.CommitAsync(change, cancellationToken);
    }
}
