namespace Coord.Scheduling.Codec;

/// <summary>Who runs a slot. The key's mod revision is the token.</summary>
/// <param name="Node">The node.</param>
/// <param name="Incarnation">Which life of it.</param>
internal sealed record FenceValue(NodeName Node, long Incarnation);
