using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>One notice of a watch, and when it came. Immutable.</summary>
/// <param name="Time">When, by the same clock as <see cref="Change.Time"/>; zero if that is not known.</param>
/// <param name="Notice">What it said.</param>
internal sealed record WatchObservation(long Time, WatchNotice Notice);
