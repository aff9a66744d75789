using Coord.Raft;

namespace Coord.Kv;

/// <summary>The lease does not exist: it expired, was revoked, or never was. Nothing happened.</summary>
public sealed class LeaseNotFoundException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="lease">Which lease.</param>
    public LeaseNotFoundException(LeaseId lease)
        : base($"The lease {lease} does not exist: it expired or was revoked.", Outcome.DidNotHappen) => Lease = lease;

    /// <summary>Gets which lease.</summary>
    public LeaseId Lease { get; }
}
