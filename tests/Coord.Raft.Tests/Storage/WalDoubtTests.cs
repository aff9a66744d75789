using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>What a log may have lost at its end without a trace there: it says so, and how much at most.</summary>
public sealed class WalDoubtTests
{
    private const int PageBytes = WalSegmentHeader.PageBytes;
    private const string MarkPath = $"{LogHarness.Directory}/{WalMarkFile.Name}";

    [Fact]
    public void A_file_that_was_cut_off_between_two_records_leaves_a_doubt()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        log.Wal.SaveDurableMark();
        int end = log.Wal.SegmentOffset;
        log.Append(1, 20);
        log.Sync();
        log.Disk.Kill();
        string path = log.Wal.SegmentPath;
        log.Disk.Overwrite(path, log.Disk.ReadAll(path)[..end]);

        SalvagedLog salvaged = Salvage(log);
        Assert.True(salvaged.Doubt?.Bound >= log.Model.Last.Index, $"{salvaged.Doubt}");
        log.Open();
        Assert.True(log.Recovery.Doubt?.Bound >= log.Model.Last.Index, $"{log.Recovery.Doubt}");
        Assert.Equal(LogHarness.SegmentBytes, log.Disk.ReadAll(path).Length);
    }

    /// <summary>Nothing in such pages names the life that the file has now, or holds what was there before.</summary>
    [Theory]
    [InlineData(0x00, true)]
    [InlineData(0x00, false)]
    [InlineData(0xEE, true)]
    [InlineData(0xEE, false)]
    public void Pages_that_were_overwritten_in_a_recycled_file_are_doubted_to_their_end(byte fill, bool isAtPage)
    {
        using LogHarness log = OpenInRecycled();
        if (isAtPage)
            FillPage(log);
        log.Wal.SaveDurableMark();
        int end = log.Wal.SegmentOffset;
        log.Append(20, 60, 1);
        log.Sync();
        log.Disk.Kill();
        string path = log.Wal.SegmentPath;
        byte[] bytes = log.Disk.ReadAll(path);
        int damaged = (end + PageBytes - 1) / PageBytes * PageBytes;
        int behind = (log.Wal.SegmentOffset + PageBytes - 1) / PageBytes * PageBytes;
        Assert.True(behind - damaged >= PageBytes);
        bytes.AsSpan(damaged, behind - damaged).Fill(fill);
        log.Disk.Overwrite(path, bytes);

        log.Open();

        Assert.True(log.Recovery.LastEntry.Index < log.Model.Last.Index);
        Assert.True(log.Recovery.Doubt?.Bound >= log.Model.Last.Index, $"{log.Recovery.Doubt}");
    }

    [Fact]
    public void Pages_that_a_torn_write_did_not_reach_are_not_doubted()
    {
        using LogHarness log = OpenInRecycled();
        log.Wal.SaveDurableMark();
        int end = log.Wal.SegmentOffset;
        string path = log.Wal.SegmentPath;
        byte[] before = log.Disk.ReadAll(path);
        log.Append(20, 60, 1);
        log.Sync();
        log.Disk.Kill();
        byte[] bytes = log.Disk.ReadAll(path);
        int next = (end + PageBytes) / PageBytes * PageBytes;
        before.AsSpan(next).CopyTo(bytes.AsSpan(next));
        log.Disk.Overwrite(path, bytes);

        log.Open();

        Assert.InRange(log.Recovery.Doubt!.Value.Bound - log.Recovery.LastEntry.Index, 1, 2 * PageBytes / 48);
    }

    /// <summary>
    /// The copy of the mark that has the last vote is damaged. What is noted in the mark while the log is opened must
    /// not make the vote before look like the last one, should the vote's record be damaged, too.
    /// </summary>
    [Fact]
    public void A_doubt_that_is_noted_does_not_claim_to_know_the_last_vote()
    {
        using LogHarness log = new LogHarness().Open();
        HardState voted = new(new Term(7), new NodeId(2), default);
        log.Append(voted, []);
        log.Sync();
        int end = log.Wal.SegmentOffset;
        log.Disk.Kill();
        log.Disk.Flip(log.Wal.SegmentPath, end, 1); // Torn, by all appearances.
        int noted = 0;
        for (int copy = 0; copy < 2; copy++)
        {
            bool isCut = true;
            for (int call = 0; isCut; call++)
            {
                using LogHarness cut = LogHarness.CloneOf(log);
                cut.Disk.Flip(MarkPath, (copy * 4096) + 40, 1);
                cut.Disk.CutPowerAt(call);
                Exception? failure = Record.Exception(() => { cut.Open(); });
                isCut = cut.Disk.IsOff;
                Assert.Equal(isCut, failure is not null);
                cut.Disk.CutPower(new RandomCrash(new Random(call)));
                using WalMarkFile mark = OpenMark(cut);
                Assert.True(mark.Mark.HardState == voted || !mark.IsHardStateCurrent, $"copy {copy}, call {call}");
                noted += mark.Mark.HardState != voted && mark.Mark.Doubt is not null ? 1 : 0;
            }
        }

        Assert.True(noted > 0);
    }

    [Fact]
    public void An_interrupted_rewriting_that_is_cleared_away_does_not_claim_to_know_the_last_vote()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(new HardState(new Term(7), new NodeId(2), default), []);
        log.Sync();
        log.Disk.Kill();
        using (WalMarkFile interrupted = OpenMark(log))
            interrupted.Amend(interrupted.Mark with { RewrittenFrom = 9 });
        for (int copy = 0; copy < 2; copy++)
        {
            using LogHarness damaged = LogHarness.CloneOf(log);
            damaged.Disk.Flip(MarkPath, (copy * 4096) + 40, 1);
            using WalMarkFile mark = OpenMark(damaged);
            Wal.FinishEarlierRewrite(
                damaged.Disk, LogHarness.Directory, mark, Wal.ListSegments(damaged.Disk, LogHarness.Directory));
            Assert.False(mark.IsHardStateCurrent);
        }
    }

    [Fact]
    public void A_damaged_copy_of_the_mark_is_made_good_when_the_log_is_opened()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        log.Wal.SaveDurableMark();
        log.Wal.Dispose();
        for (int copy = 0; copy < 2; copy++)
        {
            using LogHarness damaged = LogHarness.CloneOf(log);
            damaged.Disk.Flip(MarkPath, (copy * 4096) + 40, 1);
            damaged.Open();
            damaged.Disk.Kill();
            using WalMarkFile mark = OpenMark(damaged);
            Assert.True(mark.IsHardStateCurrent);
            Assert.Equal(damaged.Model.HardState, mark.Mark.HardState);
        }
    }

    private static LogHarness OpenInRecycled()
    {
        LogHarness log = new LogHarness().Open();
        for (long term = 1; log.Wal.SegmentCount < 3; term = Math.Min(term + 1, 9))
        {
            log.Append(term, 3, 60);
            log.Sync();
        }

        log.Purge(log.Model.Last.Index.Value - 2);
        log.Wal.PrepareNextSegment();
        for (ulong epoch = 0; epoch < 5;)
        {
            log.Append(20, 2, 60);
            log.Sync();
            if (log.Wal.NeedsNextSegment)
            {
                log.Purge(log.Model.Last.Index.Value - 2);
                log.Wal.PrepareNextSegment();
            }

            epoch = (ulong)WalSegment.TryParseName(Path.GetFileName(log.Wal.SegmentPath))!;
        }

        byte[] header = log.Disk.ReadAll(log.Wal.SegmentPath);
        Assert.True(WalSegmentHeader.Read(header, "", out _)!.Value.IsRecycled);
        return log;
    }

    private static void FillPage(LogHarness log)
    {
        int room = PageBytes - (log.Wal.SegmentOffset % PageBytes);
        room += room < 2 * WalRecord.HeaderBytes ? PageBytes : 0;
        log.Append(20, 1, room - WalRecord.HeaderBytes);
        log.Sync();
        Assert.Equal(0, log.Wal.SegmentOffset % PageBytes);
    }

    private static SalvagedLog Salvage(LogHarness log)
    {
        using WalMarkFile mark = OpenMark(log);
        using EntryArena arena = new(new EntryBlockPool());
        return new WalSalvage(log.Disk, log.Options(), mark, arena)
            .Run(Wal.ListSegments(log.Disk, LogHarness.Directory));
    }

    private static WalMarkFile OpenMark(LogHarness log) =>
        WalMarkFile.Open(log.Disk, LogHarness.Directory, log.Options().DirectoryId);
}
