namespace Coord.Raft.Driver;

/// <summary>One thing for the apply loop to do; what it is depends on which part is there.</summary>
/// <param name="Entry">A committed entry to apply, unless another part is there.</param>
/// <param name="Pending">Who waits for the entry's result.</param>
/// <param name="Restore">A snapshot to replace the state with.</param>
/// <param name="Capture">Whether to capture the state for a snapshot.</param>
/// <param name="IsQuick">Whether the state machine says that it applies the entry at once.</param>
internal readonly record struct ApplyItem(
    Entry Entry, PendingProposal? Pending = null, SnapshotMetadata? Restore = null, bool Capture = false,
    bool IsQuick = false);
