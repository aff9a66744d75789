namespace Coord.Kv.Leases;

/// <summary>A lease as it stands in a snapshot; see FORMAT.md.</summary>
internal readonly record struct LeaseRecord(long Id, long GrantedSeconds, long RemainingSeconds, long Stamp);
