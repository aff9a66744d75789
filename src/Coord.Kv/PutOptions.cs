namespace Coord.Kv;

/// <summary>How to put a key.</summary>
public sealed record PutOptions
{
    /// <summary>Gets a value indicating whether the version before is returned.</summary>
    public bool ReturnPrevious { get; init; }

    /// <summary>Gets the lease whose end deletes the key.</summary>
    /// <value>None by default: the key lives on, and one that was attached to a lease no longer is.</value>
    public LeaseId Lease { get; init; }

    /// <summary>Gets a value indicating whether the key keeps its value; the given one must be empty.</summary>
    public bool KeepValue { get; init; }

    /// <summary>Gets a value indicating whether the key keeps its lease; none may be given.</summary>
    public bool KeepLease { get; init; }
}
