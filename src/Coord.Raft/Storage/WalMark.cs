namespace Coord.Raft.Storage;

/// <summary>A place up to which the log is known to be durable, and what it amounted to there.</summary>
/// <param name="Epoch">The segment.</param>
/// <param name="Offset">The offset in its file behind the last durable record.</param>
/// <param name="Checksum">The checksum of that record.</param>
/// <param name="Last">The last entry.</param>
/// <param name="HardState">The hard state.</param>
internal readonly record struct WalMark(ulong Epoch, int Offset, uint Checksum, EntryId Last, HardState HardState);
