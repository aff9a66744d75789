namespace Coord.Raft;

/// <summary>What a state machine answers to a command.</summary>
/// <param name="Value">A number for the common case, such as a revision; costs nothing.</param>
/// <param name="Payload">More, if there is more; copied only if somebody waits for it.</param>
public readonly record struct ApplyResult(long Value, ReadOnlyMemory<byte> Payload = default);
