namespace Coord.Scheduling;

/// <summary>A label that a node must have, with one of some values. Several requirements must all hold.</summary>
/// <param name="Key">The label.</param>
/// <param name="Values">The values of which the node must have one; at least one.</param>
public sealed record Requirement(string Key, IReadOnlyList<string> Values);
