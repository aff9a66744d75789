using System.Text;
using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>
/// A queue that many processes fill and empty: the smallest priority first, and first in, first out among equals.
/// Thread-safe.
/// </summary>
/// <remarks>
/// Each item is taken once, as in <see cref="DistributedQueue"/>, whose remarks hold here too. A consumer takes the
/// best item at the moment of its look; one that comes in between that and the taking waits for the next.
/// </remarks>
public sealed class DistributedPriorityQueue
{
    private const int PriorityDigits = 8;

    private readonly IKeyValueStore _store;
    private readonly ItemKeys _items;
    private readonly string _prefix;
    private readonly int _priorityBytes;

    /// <summary>Names a queue.</summary>
    /// <param name="store">The store.</param>
    /// <param name="name">The name: a prefix of keys, without the slash that follows.</param>
    /// <param name="timeProvider">The clock for pauses when the store is out of reach; the system's if null.</param>
    public DistributedPriorityQueue(IKeyValueStore store, string name, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _store = store;
        _prefix = $"{name}/";
        _priorityBytes = Encoding.UTF8.GetByteCount(_prefix) + PriorityDigits + 1;
        _items = new(store, name, timeProvider ?? TimeProvider.System);
    }

    /// <summary>Puts an item in.</summary>
    /// <param name="value">The item.</param>
    /// <param name="priority">The smaller, the sooner it is taken; may be negative.</param>
    /// <param name="cancellationToken">Stops waiting; the item may be put in all the same.</param>
    /// <returns>The revision that put it in.</returns>
    /// <exception cref="CoordException">The outcome says whether it may be in the queue.</exception>
    public ValueTask<Revision> EnqueueAsync(
        ReadOnlyMemory<byte> value, int priority, CancellationToken cancellationToken = default)
    {
        // With the sign turned over, hexadecimal text sorts as the numbers do.
        uint sortable = unchecked((uint)priority) ^ 0x8000_0000;
        return _items.AddAsync($"{_prefix}{sortable:x8}/", value, cancellationToken);
    }

    /// <inheritdoc cref="EnqueueAsync(ReadOnlyMemory{byte}, int, CancellationToken)"/>
    public ValueTask<Revision> EnqueueAsync(
        string value, int priority, CancellationToken cancellationToken = default) =>
        EnqueueAsync(Encoding.UTF8.GetBytes(value), priority, cancellationToken);

    /// <summary>Takes the best item; waits for one if there is none.</summary>
    /// <param name="cancellationToken">Gives up; an item that was being taken in this moment is lost.</param>
    /// <exception cref="CoordException">The outcome says whether an item may have been taken and lost.</exception>
    public async ValueTask<QueueItem> DequeueAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            (QueueItem? item, Revision seen) = await TryTakeBestAsync(cancellationToken).ConfigureAwait(false);
            if (item is not null)
                return item;
            await _items.WaitAsync(seen, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the best item if there is one.</summary>
    /// <param name="cancellationToken">Gives up; an item that was being taken in this moment is lost.</param>
    /// <returns>The item, or null if the queue is empty.</returns>
    /// <exception cref="CoordException">The outcome says whether an item may have been taken and lost.</exception>
    public async ValueTask<QueueItem?> TryDequeueAsync(CancellationToken cancellationToken = default)
    {
        (QueueItem? item, _) = await TryTakeBestAsync(cancellationToken).ConfigureAwait(false);
        return item;
    }

    /// <summary>Counts the items.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CoordException">There is no quorum at present.</exception>
    public ValueTask<long> CountAsync(CancellationToken cancellationToken = default) =>
        _items.CountAsync(cancellationToken);

    /// <summary>Takes the best item, or says at which revision there was none.</summary>
    private async ValueTask<(QueueItem? Item, Revision Seen)> TryTakeBestAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // The first key tells which priority is the best; within it the revisions tell the order.
            GetResult best = await _store.GetAsync(
                _items.All, new() { Limit = 1, KeysOnly = true }, cancellationToken).ConfigureAwait(false);
            if (best.First is not { } first)
                return (null, best.Revision);

            KeyRange equals = KeyRange.Prefix(first.Key[..Math.Min(_priorityBytes, first.Key.Length)]);
            (QueueItem? item, _) = await _items.TryTakeAsync(equals, cancellationToken).ConfigureAwait(false);
            if (item is not null)
                return (item, best.Revision);
        }
    }
}
