namespace Coord.Kv;

/// <summary>The answer to a deletion. Immutable.</summary>
/// <param name="Revision">
/// The revision that the deletion made; the present one if nothing was deleted, which makes none.
/// </param>
/// <param name="Deleted">How many keys were deleted.</param>
/// <param name="Previous">The deleted versions in ascending order, if they were asked for.</param>
public sealed record DeleteResult(Revision Revision, long Deleted, IReadOnlyList<KeyValue> Previous);
