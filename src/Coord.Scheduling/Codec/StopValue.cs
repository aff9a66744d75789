using Coord.Kv.Coordination;

namespace Coord.Scheduling.Codec;

/// <summary>A request to stop a slot.</summary>
/// <param name="Token">The runner that is meant: a later one is not to be stopped by it.</param>
/// <param name="Reason">Why, for people.</param>
internal sealed record StopValue(FencingToken Token, string Reason = "");
