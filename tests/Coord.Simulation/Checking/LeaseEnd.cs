using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>A lease ended. Immutable.</summary>
/// <param name="Lease">Which lease.</param>
/// <param name="Time">When a member first had that.</param>
/// <param name="Revision">The revision that deleted its keys; none if it had no keys.</param>
/// <param name="IsRevoked">Whether somebody ended it, rather than its time.</param>
internal sealed record LeaseEnd(LeaseId Lease, long Time, Revision Revision, bool IsRevoked);
