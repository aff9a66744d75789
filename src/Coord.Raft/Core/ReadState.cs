namespace Coord.Raft.Core;

/// <summary>A confirmed read: once the state machine has applied the index, a read of it is linearizable.</summary>
/// <param name="Context">What the caller gave to <see cref="RaftCore.ReadIndex"/>.</param>
/// <param name="Index">The read index (thesis §6.4).</param>
internal readonly record struct ReadState(ulong Context, LogIndex Index);
