using Coord.Raft.Core;
using Coord.Raft.Storage;

namespace Coord.Raft.Driver;

/// <summary>Fits a snapshot and a recovered log together into the state that the core starts from.</summary>
internal static class Recovery
{
    /// <summary>Combines them, or refuses where entries between them are missing.</summary>
    /// <param name="snapshot">The snapshot that the state machine was restored from.</param>
    /// <param name="log">What the write-ahead log holds.</param>
    /// <param name="path">The directory, for the error.</param>
    /// <param name="resetLog">Whether the log has to start anew after the snapshot.</param>
    /// <exception cref="LogCorruptedException">The log starts after the snapshot ends: entries are missing.</exception>
    public static RaftCoreState Combine(SnapshotMetadata snapshot, WalRecovery log, string path, out bool resetLog)
    {
        EntryId end = snapshot.LastIncluded;
        if (log.LogBase.Index > end.Index)
        {
            throw new LogCorruptedException(
                path, 0, $"the log starts after {log.LogBase}, but the newest snapshot ends at {end}: the entries "
                + "between are missing. Restore the files, or replace this member.");
        }

        // A crash between the publication of a received snapshot and the reset of the log leaves a log that the
        // snapshot has overtaken. The snapshot is committed, so the log gives way.
        resetLog = !Contains(log, end);
        ReadOnlyMemory<Entry> entries = resetLog ? ReadOnlyMemory<Entry>.Empty : log.Entries;
        EntryId logBase = resetLog ? end : log.LogBase;
        LogIndex last = logBase.Index + entries.Length;

        HardState hardState = log.HardState;
        if (hardState.Term < end.Term)
            hardState = new HardState(end.Term, NodeId.None, hardState.Commit);

        // What the snapshot includes is committed, whatever the log had got to know of it.
        LogIndex commit = LogIndex.Max(hardState.Commit, end.Index);
        Invariant.Check(commit <= last, "What was committed is still in the log.");
        return new RaftCoreState(hardState with { Commit = commit }, snapshot, logBase, entries, end.Index, log.Doubt);
    }

    private static bool Contains(WalRecovery log, EntryId id)
    {
        if (id == log.LogBase)
            return true;

        long offset = id.Index - log.LogBase.Index - 1;
        return offset >= 0 && offset < log.Entries.Length && log.Entries.Span[(int)offset].Id == id;
    }
}
