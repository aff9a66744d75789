namespace Coord.Raft;

/// <summary>A committed command on its way into the state machine.</summary>
/// <param name="Id">The term and index of its entry.</param>
/// <param name="Payload">
/// The bytes as they were proposed; valid during the call. Empty for the entry of a new leader.
/// </param>
public readonly record struct AppliedCommand(EntryId Id, ReadOnlyMemory<byte> Payload);
