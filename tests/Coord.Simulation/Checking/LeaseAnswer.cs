using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>A grant or a keep-alive that was answered. Immutable.</summary>
/// <param name="Lease">Which lease.</param>
/// <param name="Begin">When it was asked for: nobody can have counted from an earlier moment.</param>
/// <param name="End">When it was answered.</param>
/// <param name="TimeToLive">How long the answer said that it lives from then on; zero says that it is gone.</param>
/// <param name="IsGrant">Whether the lease was new.</param>
internal sealed record LeaseAnswer(LeaseId Lease, long Begin, long End, long TimeToLive, bool IsGrant = false);
