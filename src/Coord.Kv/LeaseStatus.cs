namespace Coord.Kv;

/// <summary>What a lease has left. Immutable.</summary>
/// <param name="Id">Which lease.</param>
/// <param name="GrantedTimeToLive">What a keep-alive sets the remaining time to.</param>
/// <param name="Remaining">How long it lives on without a keep-alive, by the clock of the member that answers.</param>
/// <param name="Keys">The attached keys in ascending order, if they were asked for; else empty.</param>
/// <param name="Revision">The store's revision.</param>
public sealed record LeaseStatus(
    LeaseId Id,
    TimeSpan GrantedTimeToLive,
    TimeSpan Remaining,
    IReadOnlyList<ReadOnlyMemory<byte>> Keys,
    Revision Revision);
