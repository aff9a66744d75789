namespace Coord.Kv;

/// <summary>Events of one or several whole revisions: a revision is never torn between batches. Immutable.</summary>
/// <param name="Revision">
/// The last revision in the batch. To resume a watch later, start it at the revision after this one.
/// </param>
/// <param name="Events">The events in the order they happened; empty only in a report of progress.</param>
public sealed record WatchBatch(Revision Revision, IReadOnlyList<WatchEvent> Events);
