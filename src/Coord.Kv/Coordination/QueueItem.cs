namespace Coord.Kv.Coordination;

/// <summary>Something taken from a queue. Immutable.</summary>
/// <param name="Value">What was put in.</param>
/// <param name="EnqueuedAt">The revision that put it in: the same for no two items.</param>
public sealed record QueueItem(ReadOnlyMemory<byte> Value, Revision EnqueuedAt);
