namespace Coord.Simulation.Checking;

/// <summary>What a search for an order found. Immutable.</summary>
/// <param name="Verdict">The answer.</param>
/// <param name="Steps">How much of the budget it took; never depends on the machine.</param>
/// <param name="Explanation">How far the best attempt came; empty if there is an order.</param>
internal sealed record SearchResult(Verdict Verdict, long Steps, string Explanation);
