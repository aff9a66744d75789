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
    /// <exception cref="RequestTooLargeException">A key is larger than allowed; nothing happened.</exception>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    ValueTask<DeleteResult> DeleteAsync(
        KeyRange range, DeleteOptions? options = null, CancellationToken cancellationToken = default);

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
    /// <param name="cancellationToken">Stops waiting; the compaction may happen all the same.</param>
    /// <returns>The present revision.</returns>
    /// <exception cref="CompactedException">It has been compacted already.</exception>
    /// <exception cref="FutureRevisionException">The revision does not exist yet.</exception>
    /// <exception cref="CoordException">
    /// The log did not take it; the outcome says whether it may have happened.
    /// </exception>
    ValueTask<Revision> CompactAsync(Revision revision, CancellationToken cancellationToken = default);
}
