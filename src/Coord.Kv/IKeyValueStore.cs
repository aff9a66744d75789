using Coord.Raft;

namespace Coord.Kv;

/// <summary>A consistent store of every version of every key under one revision counter. Thread-safe.</summary>
/// <remarks>
/// Cancelling a write means "stop waiting", never "undo". Every exception that is not about an argument or a
/// cancellation derives from <see cref="CoordException"/>, whose outcome says whether the write may have happened:
/// <see cref="NotLeaderException"/> and <see cref="ProposalDroppedException"/> (it did not; try again),
/// <see cref="OutcomeUnknownException"/> (read before trying again).
/// </remarks>
public interface IKeyValueStore
{
    /// <summary>Reads a range of keys at one revision.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">At which revision, how many, and how fresh; the newest and all of them if null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The key is empty, or the limit negative.</exception>
    /// <exception cref="CompactedException">The revision has been compacted; a newer one can be read.</exception>
    /// <exception cref="FutureRevisionException">The revision does not exist yet; try again later.</exception>
    /// <exception cref="CoordException">
    /// A linearizable read needs a quorum and found none; a serializable read still works.
    /// </exception>
    ValueTask<GetResult> GetAsync(
        KeyRange range, GetOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Puts a key: creates it, or adds a version to it.</summary>
    /// <param name="key">The key; not empty. Not used after the call returns.</param>
    /// <param name="value">The value. Not used after the call returns.</param>
    /// <param name="options">What to return besides the revision.</param>
    /// <param name="cancellationToken">Stops waiting; the put may happen all the same.</param>
    /// <exception cref="ArgumentException">The key is empty.</exception>
    /// <exception cref="RequestTooLargeException">Key or value is larger than allowed; nothing happened.</exception>
    /// <exception cref="SpaceExceededException">The store is full; nothing happened.</exception>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    ValueTask<PutResult> PutAsync(
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> value,
        PutOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>Deletes a range of keys, all in one revision. Deleting nothing makes no revision.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">What to return besides the count.</param>
    /// <param name="cancellationToken">Stops waiting; the deletion may happen all the same.</param>
    /// <exception cref="ArgumentException">The key is empty.</exception>
    /// <exception cref="RequestTooLargeException">
    /// A key is larger than allowed, or so would be what is to be returned; nothing happened.
    /// </exception>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    ValueTask<DeleteResult> DeleteAsync(
        KeyRange range, DeleteOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Commits a transaction: conditions, then one list of operations or the other, at one revision.</summary>
    /// <param name="transaction">What to do. Its buffers are not used after the call ends.</param>
    /// <param name="cancellationToken">Stops waiting; the transaction may happen all the same.</param>
    /// <exception cref="ArgumentException">
    /// A key is empty or would be put twice on one path, there are too many operations, or options contradict each
    /// other. Nothing happened.
    /// </exception>
    /// <exception cref="LeaseNotFoundException">A put names a lease that does not exist; nothing happened.</exception>
    /// <exception cref="KeyMissingException">
    /// A put keeps the value or the lease of a missing key; nothing happened.
    /// </exception>
    /// <exception cref="CompactedException">A read's revision has been compacted; nothing happened.</exception>
    /// <exception cref="FutureRevisionException">A read's revision does not exist yet; nothing happened.</exception>
    /// <exception cref="RequestTooLargeException">
    /// It is larger than allowed, or so would be what it reads and returns; nothing happened.
    /// </exception>
    /// <exception cref="SpaceExceededException">The store is full and it puts a key; nothing happened.</exception>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    ValueTask<TransactionResult> CommitAsync(Transaction transaction, CancellationToken cancellationToken = default);

    /// <summary>Watches a range of keys: every change from a revision on, in order, each once, none left out.</summary>
    /// <param name="range">Which keys.</param>
    /// <param name="options">From which revision on, and what to leave out; from now on if null.</param>
    /// <param name="cancellationToken">Ends the watch with <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// The changes; the sequence goes on until it is cancelled. "Now" is the moment of this call. All changes of
    /// one revision come in one batch. A slow reader costs nobody else anything: it catches up from history.
    /// </returns>
    /// <exception cref="ArgumentException">The key is empty, or the range can contain no key.</exception>
    /// <exception cref="CompactedException">
    /// While enumerating: revisions that were not delivered yet have been compacted. Read the state, then watch from
    /// it.
    /// </exception>
    /// <exception cref="ObjectDisposedException">While enumerating: the store was stopped.</exception>
    IAsyncEnumerable<WatchBatch> WatchAsync(
        KeyRange range, WatchOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Forgets history: afterwards revisions below the given one can be neither read nor watched.</summary>
    /// <param name="revision">The oldest revision to keep; at most the present one.</param>
    /// <param name="options">What to wait for; until it is decided if null.</param>
    /// <param name="cancellationToken">Stops waiting; the compaction may happen all the same.</param>
    /// <returns>The present revision.</returns>
    /// <exception cref="CompactedException">It has been compacted already.</exception>
    /// <exception cref="FutureRevisionException">The revision does not exist yet.</exception>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    ValueTask<Revision> CompactAsync(
        Revision revision, CompactOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Grants a lease: keys that are put with it are deleted when it ends.</summary>
    /// <param name="timeToLive">
    /// How long it lives without a keep-alive, at least; in whole seconds, rounded up. Less than the store's minimum,
    /// zero and less included, is raised to it; at most 9,000,000,000 seconds.
    /// </param>
    /// <param name="id">The wanted id; none to have one chosen.</param>
    /// <param name="cancellationToken">Stops waiting; the lease may be granted all the same.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is too long.</exception>
    /// <exception cref="LeaseExistsException">The id is in use; nothing happened.</exception>
    /// <exception cref="SpaceExceededException">The store is full; nothing happened.</exception>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    ValueTask<LeaseGrant> GrantLeaseAsync(
        TimeSpan timeToLive, LeaseId id = default, CancellationToken cancellationToken = default);

    /// <summary>Ends a lease and deletes its keys, all in one revision.</summary>
    /// <param name="id">Which lease.</param>
    /// <param name="cancellationToken">Stops waiting; the lease may end all the same.</param>
    /// <returns>The revision that the deletion made; the present one if no key was attached.</returns>
    /// <exception cref="LeaseNotFoundException">There is no such lease.</exception>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    ValueTask<Revision> RevokeLeaseAsync(LeaseId id, CancellationToken cancellationToken = default);

    /// <summary>Lets a lease live for its whole time again, counted from the moment that this is committed.</summary>
    /// <param name="id">Which lease.</param>
    /// <param name="cancellationToken">Stops waiting; the lease may be renewed all the same.</param>
    /// <returns>The time to live that it has again. No change of leaders forgets it.</returns>
    /// <exception cref="LeaseNotFoundException">There is no such lease any more: its keys are gone.</exception>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    ValueTask<TimeSpan> KeepLeaseAliveAsync(LeaseId id, CancellationToken cancellationToken = default);

    /// <summary>Reads what a lease has left.</summary>
    /// <param name="id">Which lease.</param>
    /// <param name="includeKeys">Whether the attached keys are wanted.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null if there is no such lease.</returns>
    /// <exception cref="CoordException">There is no quorum.</exception>
    ValueTask<LeaseStatus?> GetLeaseAsync(
        LeaseId id, bool includeKeys = false, CancellationToken cancellationToken = default);

    /// <summary>Lists the leases in ascending order.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CoordException">There is no quorum.</exception>
    ValueTask<IReadOnlyList<LeaseId>> ListLeasesAsync(CancellationToken cancellationToken = default);
}
