namespace Coord.Kv;

/// <summary>A transaction within a transaction. Immutable.</summary>
/// <param name="Transaction">The inner transaction.</param>
public sealed record NestedOperation(Transaction Transaction) : Operation;
