namespace Coord.Simulation.Checking;

/// <summary>What a register answers. Immutable.</summary>
/// <param name="Value">What a read found; null for nothing.</param>
/// <param name="IsSet">Whether a compare-and-set found what it expected.</param>
internal sealed record RegisterOutput(int? Value = null, bool IsSet = false);
