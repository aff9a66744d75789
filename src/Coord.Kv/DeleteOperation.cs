namespace Coord.Kv;

/// <summary>A deletion within a transaction. Immutable.</summary>
/// <param name="Range">Which keys.</param>
/// <param name="Options">What to return besides the count; the defaults if null.</param>
public sealed record DeleteOperation(KeyRange Range, DeleteOptions? Options) : Operation;
