namespace Coord.Simulation.Checking;

/// <summary>What one key of the store answers. Immutable.</summary>
/// <param name="Revision">The store's revision; of a write the one that it made.</param>
/// <param name="IsDone">Whether something was found, put or deleted.</param>
/// <param name="Value">What a read found.</param>
/// <param name="ModRevision">When that was put.</param>
/// <param name="Version">How often the key had been put then.</param>
internal sealed record KeyOutput(
    long Revision, bool IsDone = true, string? Value = null, long ModRevision = 0, long Version = 0);
