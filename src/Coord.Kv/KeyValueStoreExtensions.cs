using System.Text;
using Coord.Raft;

namespace Coord.Kv;

/// <summary>The everyday operations with text for keys and values.</summary>
public static class KeyValueStoreExtensions
{
    /// <summary>Reads one key, linearizably.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key, in UTF-8 on the wire.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The key's newest version, or null if it does not exist.</returns>
    /// <exception cref="ArgumentException">The key is empty.</exception>
    /// <exception cref="CoordException">There is no quorum at present.</exception>
    public static async ValueTask<KeyValue?> GetAsync(
        this IKeyValueStore store, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        GetResult result = await store.GetAsync(KeyRange.Single(key), null, cancellationToken).ConfigureAwait(false);
        return result.First;
    }

    /// <summary>Reads all keys that start with a prefix, linearizably.</summary>
    /// <param name="store">The store.</param>
    /// <param name="prefix">The prefix, in UTF-8 on the wire; empty for all keys.</param>
    /// <param name="options">At which revision, how many, and how fresh.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CoordException">As for <see cref="IKeyValueStore.GetAsync"/>.</exception>
    public static ValueTask<GetResult> GetPrefixAsync(
        this IKeyValueStore store,
        string prefix,
        GetOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.GetAsync(KeyRange.Prefix(prefix), options, cancellationToken);
    }

    /// <summary>Puts a key.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key, in UTF-8 on the wire.</param>
    /// <param name="value">The value, in UTF-8 on the wire.</param>
    /// <param name="cancellationToken">Stops waiting; the put may happen all the same.</param>
    /// <exception cref="CoordException">As for <see cref="IKeyValueStore.PutAsync"/>.</exception>
    public static ValueTask<PutResult> PutAsync(
        this IKeyValueStore store, string key, string value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.PutAsync(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), null, cancellationToken);
    }

    /// <summary>Deletes one key.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key, in UTF-8 on the wire.</param>
    /// <param name="cancellationToken">Stops waiting; the deletion may happen all the same.</param>
    /// <returns>Whether there was such a key, and the revision.</returns>
    /// <exception cref="CoordException">As for <see cref="IKeyValueStore.DeleteAsync"/>.</exception>
    public static ValueTask<DeleteResult> DeleteAsync(
        this IKeyValueStore store, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.DeleteAsync(KeyRange.Single(key), null, cancellationToken);
    }

    /// <summary>Deletes all keys that start with a prefix, in one revision.</summary>
    /// <param name="store">The store.</param>
    /// <param name="prefix">The prefix, in UTF-8 on the wire; empty for all keys.</param>
    /// <param name="cancellationToken">Stops waiting; the deletion may happen all the same.</param>
    /// <exception cref="CoordException">As for <see cref="IKeyValueStore.DeleteAsync"/>.</exception>
    public static ValueTask<DeleteResult> DeletePrefixAsync(
        this IKeyValueStore store, string prefix, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.DeleteAsync(KeyRange.Prefix(prefix), null, cancellationToken);
    }

    /// <summary>Watches all keys that start with a prefix.</summary>
    /// <param name="store">The store.</param>
    /// <param name="prefix">The prefix, in UTF-8 on the wire; empty for all keys.</param>
    /// <param name="options">From which revision on, and what to leave out.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <exception cref="CompactedException">As for <see cref="IKeyValueStore.WatchAsync"/>.</exception>
    public static IAsyncEnumerable<WatchBatch> WatchPrefixAsync(
        this IKeyValueStore store,
        string prefix,
        WatchOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.WatchAsync(KeyRange.Prefix(prefix), options, cancellationToken);
    }
}
