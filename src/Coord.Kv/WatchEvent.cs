namespace Coord.Kv;

/// <summary>One change of one key. Immutable.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="KeyValue">
/// The new version. Of a deletion only the key, and the revision of the deletion as mod revision.
/// </param>
/// <param name="Previous">The version before, if asked for, unless there was none or it has been compacted.</param>
public sealed record WatchEvent(WatchEventKind Kind, KeyValue KeyValue, KeyValue? Previous)
{
    /// <summary>Gets the revision that made the change.</summary>
    public Revision Revision => KeyValue.ModRevision;
}
