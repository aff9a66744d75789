namespace Coord.Kv;

/// <summary>What a member's store holds at one moment. Immutable.</summary>
/// <param name="Revision">The present revision.</param>
/// <param name="CompactedRevision">The oldest revision that can be read; zero if nothing was ever compacted.</param>
/// <param name="UsedBytes">What the quota counts, history included.</param>
/// <param name="Watches">How many watches are open on this member.</param>
public sealed record KeyValueStatus(Revision Revision, Revision CompactedRevision, long UsedBytes, int Watches)
{
    /// <summary>Gets the memory that the keys, values and history take on this member.</summary>
    public long AllocatedBytes { get; init; }

    /// <summary>Gets how many keys exist.</summary>
    public long Keys { get; init; }

    /// <summary>Gets how many leases exist.</summary>
    public long Leases { get; init; }
}
