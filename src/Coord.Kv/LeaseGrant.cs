namespace Coord.Kv;

/// <summary>A new lease. Immutable.</summary>
/// <param name="Id">Its id, to be given to puts.</param>
/// <param name="TimeToLive">
/// How long it lives at least without a keep-alive: what was asked for, raised to the store's minimum.
/// </param>
/// <param name="Revision">The store's revision; granting makes none.</param>
public sealed record LeaseGrant(LeaseId Id, TimeSpan TimeToLive, Revision Revision);
