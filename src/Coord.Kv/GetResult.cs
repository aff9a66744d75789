namespace Coord.Kv;

/// <summary>The answer to a read of a range. Immutable.</summary>
/// <param name="Revision">The revision of the store when it was read, not the one asked for.</param>
/// <param name="KeyValues">The keys in ascending order, up to the limit.</param>
/// <param name="Count">How many keys the range has, whatever the limit.</param>
/// <param name="More">Whether the limit cut some off.</param>
public sealed record GetResult(Revision Revision, IReadOnlyList<KeyValue> KeyValues, long Count, bool More)
{
    /// <summary>Gets the first key, or null if there is none.</summary>
    public KeyValue? First => KeyValues.Count == 0 ? null : KeyValues[0];
}
