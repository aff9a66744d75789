namespace Coord.Raft.Driver;

/// <summary>What the snapshot loops tell the owner loop; which part is set says what happened.</summary>
/// <param name="Saved">A local snapshot that is durable and can be sent now.</param>
/// <param name="SavedBytes">How large the state in it is.</param>
/// <param name="SaveFailure">Why a local snapshot could not be saved; the log stays as it is.</param>
/// <param name="Received">A snapshot that arrived whole, as the message for the core.</param>
/// <param name="SentTo">The member to whom a transfer ended.</param>
/// <param name="Succeeded">Whether it has the snapshot now.</param>
internal readonly record struct SnapshotEvent(
    SnapshotMetadata? Saved = null,
    long SavedBytes = 0,
    Exception? SaveFailure = null,
    Message? Received = null,
    NodeId SentTo = default,
    bool Succeeded = false);
