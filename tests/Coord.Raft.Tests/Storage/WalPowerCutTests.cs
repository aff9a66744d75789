using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>Faults D1, D2 and D3: what a power cut leaves of the last write, down to the byte and the sector.</summary>
public sealed class WalPowerCutTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_log_cut_at_any_byte_is_the_log_up_to_its_last_whole_group(bool syncsEachGroup)
    {
        using LogHarness written = new LogHarness().Open();
        byte[] mark = written.Disk.ReadAll($"{LogHarness.Directory}/{WalMarkFile.Name}");
        List<(int End, LogModel Model)> groups = [(written.Wal.SegmentOffset, written.Model)];
        WriteGroups(written, () =>
        {
            groups.Add((written.Wal.SegmentOffset, written.Model));
            if (syncsEachGroup)
                written.Sync();
        });
        written.Wal.Flush();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        byte[] bytes = written.Disk.ReadAll(path);

        for (int length = groups[0].End; length <= groups[^1].End; length++)
        {
            byte[] torn = new byte[bytes.Length];
            bytes.AsSpan(0, length).CopyTo(torn);
            using LogHarness cut = LogHarness.CloneOf(written);
            cut.Disk.Overwrite(path, torn);
            cut.Disk.Overwrite($"{LogHarness.Directory}/{WalMarkFile.Name}", mark);
            cut.Open();

            // A record may end with zeros, and then a cut within them leaves it whole.
            (int end, LogModel expected) = groups.Last(
                group => bytes.AsSpan(0, group.End).SequenceEqual(torn.AsSpan(0, group.End)));
            Assert.Null(expected.Compare(cut.Recovery, LogIndex.Zero));
            Assert.InRange(cut.Recovery.TornBytesCut, LastTrace(torn, end) - end, int.MaxValue);
            Assert.Equal(cut.Recovery.TornBytesCut > 0, cut.Recovery.Doubt is not null);
        }
    }

    /// <summary>
    /// Three groups are in flight over eight sectors. A middle sector may be missing while later ones are there: that
    /// is a torn write and not corruption, because nothing says that the groups were ever durable.
    /// </summary>
    [Theory]
    [InlineData(SyncStrategy.DataSync, false)]
    [InlineData(SyncStrategy.DataSync, true)]
    [InlineData(SyncStrategy.FullSync, true)]
    internal void Any_sectors_of_the_last_write_may_be_missing(SyncStrategy strategy, bool savesMark)
    {
        for (ulong mask = 0; mask < 256; mask++)
        {
            using LogHarness log = new LogHarness(strategy: strategy).Open();
            log.Append(1, 3);
            log.Sync();
            if (savesMark)
                log.Wal.SaveDurableMark();

            LogModel durable = log.Model;
            log.Append(1, 2, 300);
            log.Append(2, 3, 500);
            log.Append(2, 1, 900);
            log.Wal.Flush();
            // The first sector of the page was written before and is written again, as it was.
            log.Disk.CutPower(new MaskedCrash(mask));
            log.Reopen();
            Assert.True(log.Model.Entries.Count >= durable.Entries.Count, $"Mask {mask} lost a durable entry.");

            // What was cut off must not come back from behind what is written in its place: it is gone for good.
            byte[] bytes = log.Disk.ReadAll($"{LogHarness.Directory}/{WalSegment.NameOf(1)}");
            Assert.False(bytes.AsSpan(log.Wal.SegmentOffset).ContainsAnyExcept((byte)0), $"Mask {mask} left traces.");
            int kept = log.Model.Entries.Count;
            log.Append(3, 1, 200);
            log.Sync();
            log.Disk.CutPower(new UniformCrash(keeps: false));
            log.Reopen();
            Assert.Equal(kept + 1, log.Model.Entries.Count);
            Assert.Equal(0, log.Recovery.TornBytesCut);
        }
    }

    [Fact]
    public void What_was_only_in_the_kernels_memory_when_the_process_died_is_made_durable_before_it_is_used()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Wal.Flush();
        log.Disk.Kill();
        log.Reopen();
        Assert.Equal(3, log.Model.Entries.Count);

        log.Disk.CutPower(new UniformCrash(keeps: false));
        log.Reopen();
        Assert.Equal(3, log.Model.Entries.Count);
    }

    [Fact]
    public void What_a_failed_sync_dropped_is_written_again_before_it_is_used()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Disk.FailAt(0, kind: DiskCall.Sync);
        Assert.Throws<StorageFailedException>(log.Sync);

        // The kernel shows the entries to the next process, although they are not on the disk and never will be.
        log.Disk.Kill();
        log.Reopen();
        Assert.Equal(3, log.Model.Entries.Count);
        log.Disk.CutPower(new UniformCrash(keeps: false));
        log.Reopen();
        Assert.Equal(3, log.Model.Entries.Count);
    }

    private static void WriteGroups(LogHarness log, Action afterEach)
    {
        log.Append(1, 1, 10);
        afterEach();
        log.Append(1, 4, 60);
        afterEach();
        log.Commit(2);
        afterEach();
        // Replaces entries 4 and 5.
        log.Append(
            log.Model.HardState with { Term = new Term(3), Vote = new NodeId(2) },
            [LogEntries.Make(3, 4, 100), LogEntries.Make(3, 5, 0), LogEntries.Make(3, 6, 77)]);
        afterEach();
        EntryId snapshot = new(new Term(3), new LogIndex(9));
        log.Append(log.Model.HardState with { Commit = snapshot.Index }, [], snapshot);
        afterEach();
        log.Append(3, 2, 200);
        afterEach();
    }

    private static int LastTrace(byte[] bytes, int end) => end + bytes.AsSpan(end).LastIndexOfAnyExcept((byte)0) + 1;
}
