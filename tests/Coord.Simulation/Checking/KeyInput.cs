namespace Coord.Simulation.Checking;

/// <summary>What is asked of one key of the store. Immutable.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">What is put, if anything is.</param>
/// <param name="Expected">Which value is expected; null if the key shall be missing.</param>
internal sealed record KeyInput(KeyCallKind Kind, string Key, string? Value = null, string? Expected = null);
