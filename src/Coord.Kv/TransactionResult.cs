namespace Coord.Kv;

/// <summary>The answer to a transaction. Immutable.</summary>
/// <param name="Revision">The revision that it made; the present one if it changed nothing, which makes none.</param>
/// <param name="Succeeded">Whether all conditions held.</param>
/// <param name="Results">The answers of the operations that were done, in order.</param>
public sealed record TransactionResult(
    Revision Revision, bool Succeeded, IReadOnlyList<OperationResult> Results);
