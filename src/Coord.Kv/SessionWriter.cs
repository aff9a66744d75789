using Coord.Raft;

namespace Coord.Kv;

/// <summary>One write to a store in this process, under its place in a session: done once, however often asked for.
/// </summary>
/// <remarks>
/// For servers, whose clients carry a session and send a write again when its answer was lost. Each method does what
/// the store's own of that name does, and also throws <see cref="SessionExpiredException"/>: the cluster has forgotten
/// the session or the answer. This attempt did nothing then; an earlier one may have. A write that is asked for again
/// must be the same as before, to the byte. Made by <see cref="EmbeddedKeyValueStore.InSession"/>.
/// </remarks>
public readonly struct SessionWriter
{
    private readonly EmbeddedKeyValueStore _store;
    private readonly SessionTicket _ticket;

    internal SessionWriter(EmbeddedKeyValueStore store, SessionTicket ticket) => (_store, _ticket) = (store, ticket);

    /// <inheritdoc cref="IKeyValueStore.PutAsync"/>
    public ValueTask<PutResult> PutAsync(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        PutOptions? options = null,
        CancellationToken cancellationToken = default) =>
        _store.PutAsync(key, value, options, _ticket, cancellationToken);

    /// <inheritdoc cref="IKeyValueStore.DeleteAsync"/>
    public ValueTask<DeleteResult> DeleteAsync(
        KeyRange range, DeleteOptions? options = null, CancellationToken cancellationToken = default) =>
        _store.DeleteAsync(range, options, _ticket, cancellationToken);

    /// <inheritdoc cref="IKeyValueStore.CommitAsync"/>
    public ValueTask<TransactionResult> CommitAsync(
        Transaction transaction, CancellationToken cancellationToken = default) =>
        _store.CommitAsync(transaction, _ticket, cancellationToken);

    /// <inheritdoc cref="IKeyValueStore.CompactAsync"/>
    public ValueTask<Revision> CompactAsync(
        Revision revision, CompactOptions? options = null, CancellationToken cancellationToken = default) =>
        _store.CompactAsync(revision, options, _ticket, cancellationToken);

    /// <summary>Grants a lease.</summary>
    /// <param name="timeToLive">How long it lives; raised to the store's minimum.</param>
    /// <param name="id">The id; in a session it must be chosen, so that a repetition asks for the same lease.</param>
    /// <param name="cancellationToken">Stops waiting; the lease may be granted all the same.</param>
    public ValueTask<LeaseGrant> GrantLeaseAsync(
        TimeSpan timeToLive, LeaseId id, CancellationToken cancellationToken = default) =>
        _store.GrantLeaseAsync(timeToLive, id, _ticket, cancellationToken);

    /// <inheritdoc cref="IKeyValueStore.RevokeLeaseAsync"/>
    public ValueTask<Revision> RevokeLeaseAsync(LeaseId id, CancellationToken cancellationToken = default) =>
        _store.RevokeLeaseAsync(id, _ticket, cancellationToken);
}
