namespace Coord.Simulation.Checking;

/// <summary>One key of the store between two calls.</summary>
/// <param name="Value">Its value; null if it is missing.</param>
/// <param name="Version">How often it was put since its creation.</param>
/// <param name="ModRevision">When it was put last; a lower bound if a call of unknown outcome did.</param>
/// <param name="IsModKnown">Whether that is known.</param>
/// <param name="Floor">The store's revision is known to be at least this.</param>
internal readonly record struct KeyState(string? Value, long Version, long ModRevision, bool IsModKnown, long Floor);
