using System.Text;
using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>A queue that many processes fill and empty: first in, first out. Thread-safe.</summary>
/// <remarks>
/// <para>
/// The order is that of the revisions at which items were put in. Each item is taken once: the deletion is a
/// transaction that holds for one consumer alone. Items are taken in order; what two consumers do with theirs is not
/// ordered.
/// </para>
/// <para>
/// An item is gone when it is taken. If the consumer dies then, or if its call ends with an unknown outcome or is
/// cancelled while the deletion is on its way, nobody else gets it: at most once, not at least once.
/// </para>
/// <para>
/// It is for work items by the thousand, not for a stream: the store sorts what is queued at each look, and each item
/// put into an empty queue wakes all consumers that wait.
/// </para>
/// </remarks>
public sealed class DistributedQueue
{
    private readonly ItemKeys _items;
    private readonly string _prefix;

    /// <summary>Names a queue.</summary>
    /// <param name="store">The store.</param>
    /// <param name="name">The name: a prefix of keys, without the slash that follows.</param>
    /// <param name="timeProvider">The clock for pauses when the store is out of reach; the system's if null.</param>
    public DistributedQueue(IKeyValueStore store, string name, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _prefix = $"{name}/";
        _items = new(store, name, timeProvider ?? TimeProvider.System);
    }

    /// <summary>Puts an item at the end.</summary>
    /// <param name="value">The item.</param>
    /// <param name="cancellationToken">Stops waiting; the item may be put in all the same.</param>
    /// <returns>The revision that put it in.</returns>
    /// <exception cref="CoordException">The outcome says whether it may be in the queue.</exception>
    public ValueTask<Revision> EnqueueAsync(
        ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        _items.AddAsync(_prefix, value, cancellationToken);

    /// <inheritdoc cref="EnqueueAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    public ValueTask<Revision> EnqueueAsync(string value, CancellationToken cancellationToken = default) =>
        EnqueueAsync(Encoding.UTF8.GetBytes(value), cancellationToken);

    /// <summary>Takes the first item; waits for one if there is none.</summary>
    /// <param name="cancellationToken">Gives up; an item that was being taken in this moment is lost.</param>
    /// <exception cref="CoordException">The outcome says whether an item may have been taken and lost.</exception>
    public async ValueTask<QueueItem> DequeueAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            (QueueItem? item, GetResult look) = await _items.TryTakeAsync(_items.All, cancellationToken)
                .ConfigureAwait(false);
            if (item is not null)
                return item;
            if (look.Count == 0)
                await _items.WaitAsync(look.Revision, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the first item if there is one.</summary>
    /// <param name="cancellationToken">Gives up; an item that was being taken in this moment is lost.</param>
    /// <returns>The item, or null if the queue is empty.</returns>
    /// <exception cref="CoordException">The outcome says whether an item may have been taken and lost.</exception>
    public async ValueTask<QueueItem?> TryDequeueAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            (QueueItem? item, GetResult look) = await _items.TryTakeAsync(_items.All, cancellationToken)
                .ConfigureAwait(false);
            if (item is not null || look.Count == 0)
                return item;
        }
    }

    /// <summary>Counts the items.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CoordException">There is no quorum at present.</exception>
    public ValueTask<long> CountAsync(CancellationToken cancellationToken = default) =>
        _items.CountAsync(cancellationToken);
}
