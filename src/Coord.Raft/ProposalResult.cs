namespace Coord.Raft;

/// <summary>The result of a committed and applied proposal.</summary>
/// <param name="Id">The term and index of its entry.</param>
/// <param name="Value">The number that the state machine answered.</param>
/// <param name="Payload">The bytes that the state machine answered; owned by the caller.</param>
public readonly record struct ProposalResult(EntryId Id, long Value, ReadOnlyMemory<byte> Payload);
