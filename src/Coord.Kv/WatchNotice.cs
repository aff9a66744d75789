namespace Coord.Kv;

/// <summary>What a watch stream delivers. Immutable.</summary>
/// <param name="WatchId">Of which watch; -1 for an answer to <see cref="WatchStream.RequestProgress"/>.</param>
/// <param name="Kind">What it says.</param>
/// <param name="Revision">
/// Events: the last revision in it. Progress: up to which revision everything was delivered. Compacted: the oldest
/// revision that is left.
/// </param>
/// <param name="Events">The events in the order they happened; empty for the other kinds.</param>
public sealed record WatchNotice(
    long WatchId, WatchNoticeKind Kind, Revision Revision, IReadOnlyList<WatchEvent> Events);
