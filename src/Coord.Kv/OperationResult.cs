namespace Coord.Kv;

/// <summary>What one operation of a transaction answered; one of the four is there. Immutable.</summary>
/// <param name="Put">The answer of a put.</param>
/// <param name="Get">The answer of a read.</param>
/// <param name="Delete">The answer of a deletion.</param>
/// <param name="Nested">The answer of an inner transaction.</param>
public sealed record OperationResult(
    PutResult? Put = null, GetResult? Get = null, DeleteResult? Delete = null, TransactionResult? Nested = null);
