using Coord.Kv;

namespace Coord.Scheduling.Tests.Reconciler;

/// <summary>
/// One node's way to a store that all share: it can be cut. Calls wait then, as over a dead connection.
/// </summary>
internal sealed class GatedStore(IKeyValueStore store) : IKeyValueStore
{
    private TaskCompletionSource _open = Opened();

    public void Cut() => _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Restore() => _open.TrySetResult();

    public async ValueTask<GetResult> GetAsync(
        KeyRange range, GetOptions? options = null, CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        return await store.GetAsync(range, options, cancellationToken);
    }

    public async ValueTask<PutResult> PutAsync(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        PutOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        return await store.PutAsync(key, value, options, cancellationToken);
    }

    public async ValueTask<DeleteResult> DeleteAsync(
        KeyRange range, DeleteOptions? options = null, CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        return await store.DeleteAsync(range, options, cancellationToken);
    }

    public async ValueTask<TransactionResult> CommitAsync(
        Transaction transaction, CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        return await store.CommitAsync(transaction, cancellationToken);
    }

    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        KeyRange range,
        WatchOptions? options = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (WatchBatch batch in store.WatchAsync(range, options, cancellationToken))
        {
            await PassAsync(cancellationToken);
            yield return batch;
        }
    }

    public ValueTask<Revision> CompactAsync(
        Revision revision, CompactOptions? options = null, CancellationToken cancellationToken = default) =>
        store.CompactAsync(revision, options, cancellationToken);

    public async ValueTask<LeaseGrant> GrantLeaseAsync(
        TimeSpan timeToLive, LeaseId id = default, CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        return await store.GrantLeaseAsync(timeToLive, id, cancellationToken);
    }

    public async ValueTask<Revision> RevokeLeaseAsync(LeaseId id, CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        return await store.RevokeLeaseAsync(id, cancellationToken);
    }

    public async ValueTask<TimeSpan> KeepLeaseAliveAsync(LeaseId id, CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        return await store.KeepLeaseAliveAsync(id, cancellationToken);
    }

    public ValueTask<LeaseStatus?> GetLeaseAsync(
        LeaseId id, bool includeKeys = false, CancellationToken cancellationToken = default) =>
        store.GetLeaseAsync(id, includeKeys, cancellationToken);

    public ValueTask<IReadOnlyList<LeaseId>> ListLeasesAsync(CancellationToken cancellationToken = default) =>
        store.ListLeasesAsync(cancellationToken);

    private static TaskCompletionSource Opened()
    {
        TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        open.SetResult();
        return open;
    }

    private Task PassAsync(CancellationToken cancellationToken) => _open.Task.WaitAsync(cancellationToken);
}
