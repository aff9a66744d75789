namespace Coord.Raft.Storage;

/// <summary>How much is loaded of a log that a snapshot stands for: its last entries, for members that lag.</summary>
/// <param name="Covered">The last entry that the snapshot includes; zero to load everything.</param>
/// <param name="MaxEntries">How many entries up to it are loaded at most.</param>
/// <param name="MaxBytes">How many bytes of payload.</param>
internal readonly record struct LogTrail(LogIndex Covered, int MaxEntries, long MaxBytes);
