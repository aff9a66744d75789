namespace Coord.Kv;

/// <summary>The answer to a put. Immutable.</summary>
/// <param name="Revision">The revision that the put made.</param>
/// <param name="Previous">The version before, if it was asked for and there was one.</param>
public sealed record PutResult(Revision Revision, KeyValue? Previous);
