namespace Coord.Scheduling.Reconciler;

/// <summary>A spec as the store has it. Immutable.</summary>
/// <param name="Spec">The spec.</param>
/// <param name="Revision">The key's mod revision.</param>
internal sealed record SpecView(UnitSpec Spec, long Revision);
