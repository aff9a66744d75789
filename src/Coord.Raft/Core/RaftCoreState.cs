namespace Coord.Raft.Core;

/// <summary>What a core starts from: what storage recovered, or an initial snapshot for a new cluster.</summary>
/// <param name="HardState">Term, vote and commit as last persisted.</param>
/// <param name="Snapshot">The newest snapshot that can be loaded; its membership is where the core starts.</param>
/// <param name="LogBase">The id before the first entry; at or below the snapshot.</param>
/// <param name="Entries">The recovered entries, all durable; their block references now belong to the core.</param>
/// <param name="Applied">What the state machine holds: the snapshot's index.</param>
/// <param name="Doubt">What the log may have lost at its end, or null if nothing.</param>
internal readonly record struct RaftCoreState(
    HardState HardState, SnapshotMetadata Snapshot, EntryId LogBase, ReadOnlyMemory<Entry> Entries, LogIndex Applied,
    LogDoubt? Doubt = null);
