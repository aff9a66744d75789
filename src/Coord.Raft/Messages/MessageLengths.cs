namespace Coord.Raft.Messages;

/// <summary>
/// How many entries and bytes a message's header announces; hostile until checked against what is there.
/// </summary>
/// <param name="Entries">How many entries follow.</param>
/// <param name="Snapshot">The bytes of the snapshot's metadata.</param>
/// <param name="Payload">The bytes of the payload.</param>
/// <param name="HasSnapshot">Whether there is a snapshot's metadata.</param>
internal readonly record struct MessageLengths(int Entries, int Snapshot, int Payload, bool HasSnapshot);
