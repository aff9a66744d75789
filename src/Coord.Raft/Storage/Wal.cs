namespace Coord.Raft.Storage;

/// <summary>The write-ahead log of one member: hard state and entries, durable in atomic groups.</summary>
internal sealed class Wal : IDisposable
{
    /// <summary>Opens a log and reads what it holds.</summary>
    public static Wal Open(
        IFileSystem fileSystem, string directory, WalOptions options, EntryArena arena, out WalRecovery recovery) =>
        throw new NotSupportedException();

    /// <summary>Gets a value indicating whether <see cref="PrepareNextSegment"/> has something to do.</summary>
    public bool NeedsNextSegment => throw new NotSupportedException();

    /// <summary>Allocates the segment after the current one. May run on another thread, beside everything else.</summary>
    public void PrepareNextSegment() => throw new NotSupportedException();

    /// <summary>Stages one atomic group. Entries at existing indexes replace them and all that follow.</summary>
    public void Append(HardState? hardState, ReadOnlySpan<Entry> entries, EntryId? reset) =>
        throw new NotSupportedException();

    /// <summary>Writes the staged groups without making them durable.</summary>
    public void Flush() => throw new NotSupportedException();

    /// <summary>Makes all groups durable: one write and one data sync.</summary>
    public void Sync() => throw new NotSupportedException();

    /// <summary>Saves, apart from the log, up to where it is durable.</summary>
    public void SaveDurableMark() => throw new NotSupportedException();

    /// <summary>Gives up the oldest segments whose entries are all at or below an index.</summary>
    public void PurgeThrough(LogIndex index) => throw new NotSupportedException();

    /// <summary>Saves the durable mark, if the log has not failed, and closes it.</summary>
    public void Dispose() => throw new NotSupportedException();
}
