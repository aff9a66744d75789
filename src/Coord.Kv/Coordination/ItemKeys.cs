using System.Text;

namespace Coord.Kv.Coordination;

/// <summary>What both queues do: add keys that nobody else adds, and take each key once. Thread-safe.</summary>
internal sealed class ItemKeys(IKeyValueStore store, string name, TimeProvider clock)
{
    /// <summary>How many items one look brings: when others take the first, the next ones are at hand.</summary>
    private const int ItemsPerLook = 16;

    private readonly KeyRange _all = KeyRange.Prefix($"{name}/");
    private string? _producer;
    private long _added;

    public KeyRange All => _all;

    /// <summary>Adds an item under a prefix, in the order of revisions.</summary>
    public async ValueTask<Revision> AddAsync(
        string prefix, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        string producer = Volatile.Read(ref _producer)
            ?? await NameProducerAsync(cancellationToken).ConfigureAwait(false);
        byte[] key = Encoding.UTF8.GetBytes($"{prefix}{producer}-{Interlocked.Increment(ref _added):x}");
        PutResult put = await store.PutAsync(key, value, null, cancellationToken).ConfigureAwait(false);
        return put.Revision;
    }

    /// <summary>Takes the oldest item of a range that is still there.</summary>
    /// <param name="range">Where to look.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The item, or null if others took all that was seen; and what was seen.</returns>
    public async ValueTask<(QueueItem? Item, GetResult Look)> TryTakeAsync(
        KeyRange range, CancellationToken cancellationToken)
    {
        GetOptions oldest = new()
        {
            SortBy = SortTarget.CreateRevision,
            SortOrder = SortOrder.Ascending,
            Limit = ItemsPerLook,
        };
        GetResult look = await store.GetAsync(range, oldest, cancellationToken).ConfigureAwait(false);
        foreach (KeyValue item in look.KeyValues)
        {
            KeyRange key = new(item.Key);
            Transaction take = Transaction
                .If(Comparison.OfModRevision(key, ComparisonOperator.Equal, item.ModRevision))
                .Then(Operation.Delete(key));
            TransactionResult taken = await store.CommitAsync(take, cancellationToken).ConfigureAwait(false);
            if (taken.Succeeded)
                return (new(item.Value, item.ModRevision), look);
        }

        return (null, look);
    }

    /// <summary>Waits until something may have been added after a look that found nothing.</summary>
    public Task WaitAsync(Revision seen, CancellationToken cancellationToken) => KeyChanges.WaitAsync(
        store, _all, seen, static change => change.Kind is WatchEventKind.Put, clock, cancellationToken);

    public async ValueTask<long> CountAsync(CancellationToken cancellationToken)
    {
        GetResult count = await store.GetAsync(_all, new() { CountOnly = true }, cancellationToken)
            .ConfigureAwait(false);
        return count.Count;
    }

    /// <summary>Names this object as nobody else is: after the revision of a put that only it made.</summary>
    private async ValueTask<string> NameProducerAsync(CancellationToken cancellationToken)
    {
        byte[] key = Encoding.UTF8.GetBytes($"__{name}/producers");
        PutResult put = await store.PutAsync(key, default, null, cancellationToken).ConfigureAwait(false);
        string producer = $"{put.Revision.Value:x16}";
        return Interlocked.CompareExchange(ref _producer, producer, null) ?? producer;
    }
}
