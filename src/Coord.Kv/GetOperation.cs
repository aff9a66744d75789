namespace Coord.Kv;

/// <summary>A read within a transaction. Immutable.</summary>
/// <param name="Range">Which keys.</param>
/// <param name="Options">At which revision, and how many; the defaults if null.</param>
public sealed record GetOperation(KeyRange Range, GetOptions? Options) : Operation;
