using System.Runtime.CompilerServices;
using System.Text;
using Coord.Raft;

namespace Coord.Kv.Coordination;

/// <summary>Finds the instances of a service that are registered. Thread-safe.</summary>
/// <remarks>An instance is a key <c>service/instance</c> with a lease, whoever has put it.</remarks>
public sealed class ServiceDirectory
{
    private readonly IKeyValueStore _store;
    private readonly TimeProvider _clock;
    private readonly string _prefix;
    private readonly KeyRange _range;

    /// <summary>Names a service.</summary>
    /// <param name="store">The store.</param>
    /// <param name="service">The name: a prefix of keys, without the slash that follows.</param>
    /// <param name="timeProvider">The clock for pauses when the store is out of reach; the system's if null.</param>
    public ServiceDirectory(IKeyValueStore store, string service, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(service);
        _store = store;
        _clock = timeProvider ?? TimeProvider.System;
        _prefix = $"{service}/";
        _range = KeyRange.Prefix(_prefix);
    }

    /// <summary>Lists the instances, linearizably.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CoordException">There is no quorum at present.</exception>
    public async ValueTask<ServiceInstances> ListAsync(CancellationToken cancellationToken = default)
    {
        GetResult all = await _store.GetAsync(_range, null, cancellationToken).ConfigureAwait(false);
        return ToInstances(all.Revision, all.KeyValues);
    }

    /// <summary>Follows the instances: first all of them, then all of them again after each change.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>
    /// The instances; it goes on until it is cancelled. Changes that follow closely may come as one, and so do those
    /// that the store's history has forgotten before they were read: then it lists again. It never goes silent and
    /// never misses the newest state. While the store is out of reach it waits.
    /// </returns>
    /// <exception cref="ObjectDisposedException">While enumerating: the store was stopped.</exception>
    /// <exception cref="CoordException">
    /// While enumerating: the store refused for a reason that does not pass.
    /// </exception>
    public async IAsyncEnumerable<ServiceInstances> WatchAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        SortedDictionary<string, KeyValue> known = new(StringComparer.Ordinal);
        while (true)
        {
            GetResult all = await StoreRetry.UntilAnsweredAsync(
                stop => _store.GetAsync(_range, null, stop), _clock, cancellationToken).ConfigureAwait(false);
            known.Clear();
            foreach (KeyValue keyValue in all.KeyValues)
                known[keyValue.KeyString] = keyValue;
            yield return ToInstances(all.Revision, all.KeyValues);

            WatchOptions options = new() { StartRevision = all.Revision.Next };
            IAsyncEnumerator<WatchBatch> watch =
                _store.WatchAsync(_range, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
            await using (watch.ConfigureAwait(false))
            {
                while (await TryMoveNextAsync(watch, cancellationToken).ConfigureAwait(false))
                {
                    if (Apply(watch.Current, known))
                        yield return ToInstances(watch.Current.Revision, known.Values);
                }
            }
        }
    }

    /// <summary>Returns false when the watch cannot go on and the instances have to be listed again.</summary>
    private async ValueTask<bool> TryMoveNextAsync(
        IAsyncEnumerator<WatchBatch> watch, CancellationToken cancellationToken)
    {
        try
        {
            return await watch.MoveNextAsync().ConfigureAwait(false);
        }
        catch (CompactedException)
        {
            return false;
        }
        catch (CoordException passing) when (StoreRetry.IsPassing(passing))
        {
            await StoreRetry.PauseAsync(_clock, cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    private static bool Apply(WatchBatch batch, SortedDictionary<string, KeyValue> known)
    {
        foreach (WatchEvent change in batch.Events)
        {
            if (change.Kind is WatchEventKind.Put)
                known[change.KeyValue.KeyString] = change.KeyValue;
            else
                known.Remove(change.KeyValue.KeyString);
        }

        return batch.Events.Count > 0;
    }

    private ServiceInstances ToInstances(Revision revision, IEnumerable<KeyValue> keyValues)
    {
        int prefixBytes = Encoding.UTF8.GetByteCount(_prefix);
        ServiceInstance[] instances =
        [
            .. keyValues.Select(keyValue => new ServiceInstance(
                Encoding.UTF8.GetString(keyValue.Key.Span[prefixBytes..]),
                keyValue.Value,
                keyValue.Lease,
                keyValue.ModRevision)),
        ];
        return new(revision, instances);
    }
}
