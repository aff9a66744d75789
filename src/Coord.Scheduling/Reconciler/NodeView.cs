namespace Coord.Scheduling.Reconciler;

/// <summary>A node as the store has it. Immutable.</summary>
/// <param name="Spec">What it says of itself.</param>
/// <param name="Incarnation">Which life it is: the key's create revision.</param>
internal sealed record NodeView(NodeSpec Spec, long Incarnation);
