namespace Coord.Raft.Storage;

/// <summary>How a log is written anew after a repair, without touching what there was before it is complete.</summary>
/// <remarks>
/// The new log is in new segments behind the old ones. The mark says first that these are being written, and void, and
/// then, in one step with what the log is now, that the older ones are. Whoever opens the log after a crash removes
/// what is void. The disk needs room for both.
/// </remarks>
internal sealed partial class Wal
{
    /// <summary>Writes a log anew.</summary>
    /// <param name="fileSystem">Where.</param>
    /// <param name="directory">The log's directory.</param>
    /// <param name="options">How it is kept.</param>
    /// <param name="markFile">Its mark.</param>
    /// <param name="hardState">Term, vote and commit.</param>
    /// <param name="log">Entries, and the id before them.</param>
    /// <param name="doubt">What the log may have lost behind them.</param>
    /// <exception cref="StorageFailedException">The disk failed or is full. The old log is unharmed.</exception>
    public static void Rewrite(
        IFileSystem fileSystem, string directory, WalOptions options, WalMarkFile markFile, HardState hardState,
        LogPiece log, LogDoubt? doubt)
    {
        try
        {
            List<(ulong Epoch, string Path)> files = ListSegments(fileSystem, directory);
            FinishEarlierRewrite(fileSystem, directory, markFile, files);
            ulong first = Math.Max(files[^1].Epoch, markFile.Mark.Epoch) + 1;
            markFile.Amend(markFile.Mark with { RewrittenFrom = first, IsRewritten = false });
            Wal wal = BeginRewrite(fileSystem, directory, options, markFile, hardState, log.Before, first);
            try
            {
                wal.Append(hardState, log.Entries.ToArray(), reset: null);
                wal.Sync();
                markFile.Save(wal._durable with { Doubt = doubt, RewrittenFrom = first, IsRewritten = true });
            }
            finally
            {
                wal._file.Dispose();
                wal._allocator.Dispose();
            }
        }
        catch (IOException e)
        {
            throw new StorageFailedException($"The log in {directory} cannot be written anew: {e.Message}", e);
        }
    }

    /// <summary>Removes what an earlier rewriting has made void, or the traces of one that did not finish.</summary>
    internal static void FinishEarlierRewrite(
        IFileSystem fileSystem, string directory, WalMarkFile markFile, List<(ulong Epoch, string Path)> files)
    {
        WalMark mark = markFile.Mark;
        if (mark.RewrittenFrom == 0)
            return;

        // From the outside to the middle, one by one: a crash leaves no gap that would look like a loss.
        IEnumerable<(ulong Epoch, string Path)> outward = mark.IsRewritten ? files : files.AsEnumerable().Reverse();
        foreach ((ulong epoch, string path) in outward)
        {
            if (epoch < mark.RewrittenFrom != mark.IsRewritten)
                continue;

            fileSystem.Delete(path);
            fileSystem.SyncDirectory(directory);
        }

        files.RemoveAll(file => file.Epoch < mark.RewrittenFrom == mark.IsRewritten);
        markFile.Amend(mark with { RewrittenFrom = 0, IsRewritten = false });
    }

    private static Wal BeginRewrite(
        IFileSystem fileSystem, string directory, WalOptions options, WalMarkFile markFile, in HardState hardState,
        EntryId logBase, ulong epoch)
    {
        WalSegmentAllocator allocator = new(fileSystem, directory, options, epoch);
        PreparedSegment segment = allocator.Take();
        WalIndex index = new();
        index.Restore(hardState with { Commit = LogIndex.Min(hardState.Commit, logBase.Index) }, logBase);
        Wal wal = new(options, index, allocator, markFile, segment.File, segment.Path, segment.Header)
        {
            _isRewriting = true,
        };
        wal._buffer.MoveTo(FirstRecordOffset, default);
        wal.StageStart();
        return wal;
    }
}
