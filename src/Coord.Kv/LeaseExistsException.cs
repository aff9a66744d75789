using Coord.Raft;

namespace Coord.Kv;

/// <summary>A lease with the wanted id exists already. Nothing happened; choose another id, or none.</summary>
public sealed class LeaseExistsException : CoordException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="lease">Which lease.</param>
    public LeaseExistsException(LeaseId lease)
        : base($"A lease {lease} exists already; choose another id, or none.", Outcome.DidNotHappen) => Lease = lease;

    /// <summary>Gets which lease.</summary>
    public LeaseId Lease { get; }
}
