namespace Coord.Kv;

/// <summary>A put within a transaction. Immutable.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
/// <param name="Options">The lease, and what to return; the defaults if null.</param>
public sealed record PutOperation(
    ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, PutOptions? Options) : Operation;
