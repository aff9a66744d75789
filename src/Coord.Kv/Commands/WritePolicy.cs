namespace Coord.Kv.Commands;

/// <summary>
/// The bounds under which a write is applied. They travel with it, so that members with other options decide alike.
/// </summary>
internal readonly record struct WritePolicy(long QuotaBytes, long RetainedRevisions);
