using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>History was forgotten. Immutable.</summary>
/// <param name="Revision">The oldest revision that is left.</param>
/// <param name="Time">No member can have done it earlier; zero if that is not known.</param>
internal sealed record Compaction(Revision Revision, long Time = 0);
