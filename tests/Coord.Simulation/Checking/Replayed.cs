using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>What a transaction would have done and answered at a revision. Immutable.</summary>
/// <param name="Result">Its answer; null if it would have been refused.</param>
/// <param name="Events">Its changes in order, without the versions before.</param>
/// <param name="Refusal">Why it would have been refused; nothing would have happened.</param>
internal sealed record Replayed(TransactionResult? Result, IReadOnlyList<WatchEvent> Events, string? Refusal = null);
