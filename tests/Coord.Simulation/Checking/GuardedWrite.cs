using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>A write that a lock protects was accepted. Immutable.</summary>
/// <param name="Client">Who wrote.</param>
/// <param name="Token">The fencing token of his grant.</param>
/// <param name="Revision">The revision that the write made.</param>
internal sealed record GuardedWrite(int Client, long Token, Revision Revision);
