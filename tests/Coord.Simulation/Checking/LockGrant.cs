namespace Coord.Simulation.Checking;

/// <summary>Somebody was told that he holds a lock. Immutable.</summary>
/// <param name="Client">Who.</param>
/// <param name="Key">The key that stands for him in the line.</param>
/// <param name="Token">His fencing token: the revision that created the key.</param>
/// <param name="Begin">When he asked.</param>
/// <param name="End">When he was told.</param>
internal sealed record LockGrant(int Client, string Key, long Token, long Begin, long End);
