using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>What one revision changed. Immutable.</summary>
/// <param name="Revision">Which one.</param>
/// <param name="Events">Its changes in order; the version before each is worked out, not taken from here.</param>
/// <param name="Time">When a member first had it: nobody can have seen it earlier. Zero if that is not known.</param>
internal sealed record Change(Revision Revision, IReadOnlyList<WatchEvent> Events, long Time = 0);
