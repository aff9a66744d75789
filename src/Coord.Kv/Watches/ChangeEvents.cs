using Coord.Kv.Mvcc;
using Coord.Kv.Mvcc.Native;

namespace Coord.Kv.Watches;

/// <summary>
/// The events that one change is for the watches that want it: made when the first one does, then shared by all.
/// Under the store's lock.
/// </summary>
internal struct ChangeEvents(KeyVersion change)
{
    private WatchEvent? _event;
    private WatchEvent? _eventWithPrevious;
    private WatchEvent[]? _batch;
    private WatchEvent[]? _batchWithPrevious;

    public readonly KeyVersion Change => change;

    /// <summary>Gets the version before, if the key existed and it has not been compacted.</summary>
    public readonly KeyVersion? Previous =>
        change.Previous is { IsTombstone: false } previous && !Mutants.PreviousValueMissing ? previous : null;

    public WatchEvent ToEvent(bool withPrevious)
    {
        _event ??= new(
            change.IsTombstone ? WatchEventKind.Delete : WatchEventKind.Put, change.ToKeyValue(), Previous: null);
        if (!withPrevious || Previous is not { } previous)
            return _event;

        return _eventWithPrevious ??= _event with { Previous = previous.ToKeyValue() };
    }

    /// <summary>Returns the event alone in a batch, which all watches share that have nothing else waiting.</summary>
    public WatchEvent[] ToBatch(bool withPrevious) => withPrevious
        ? _batchWithPrevious ??= [ToEvent(withPrevious)]
        : _batch ??= [ToEvent(withPrevious)];
}
