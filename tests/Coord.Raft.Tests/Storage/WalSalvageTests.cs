using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>What is left of a damaged log, put together with what another member has, is the log as it was.</summary>
public sealed class WalSalvageTests
{
    private const int Stride = 5;
    private const int SegmentEnd = LogHarness.SegmentBytes;

    [Fact]
    public void A_flipped_byte_anywhere_loses_nothing_that_another_log_cannot_give_back()
    {
        using LogHarness written = WriteWithCuts();
        int end = written.Wal.SegmentOffset;
        written.Wal.Dispose();
        FragmentedLog other = Salvage(written).Entries;
        Assert.True(other.IsWhole);
        int joined = 0;
        foreach (string path in written.Disk.Paths)
        {
            byte[] bytes = written.Disk.ReadAll(path);
            for (int offset = 0; offset < bytes.Length; offset += bytes[offset] == 0 ? 8 * Stride : Stride)
            {
                using LogHarness damaged = LogHarness.CloneOf(written);
                damaged.Disk.Flip(path, offset, (byte)(1 << (offset % 8)));
                joined += AssertRepaired(damaged, other, $"{path} {offset}", IsBehindEnd(path, offset, end));
            }
        }

        Assert.True(joined > 1000, $"{joined} holes filled.");
    }

    [Fact]
    public void Overwritten_sectors_and_missing_segments_lose_nothing_either()
    {
        using LogHarness written = WriteWithCuts();
        int end = written.Wal.SegmentOffset;
        written.Wal.Dispose();
        FragmentedLog other = Salvage(written).Entries;
        foreach (string path in written.Disk.Paths.Where(path => Path.GetExtension(path) == WalSegment.Suffix))
        {
            using LogHarness missing = LogHarness.CloneOf(written);
            missing.Disk.Remove(path);
            AssertRepaired(missing, other, path, IsBehindEnd(path, SegmentEnd, end));
            byte[] bytes = written.Disk.ReadAll(path);
            for (int sector = 0; sector < bytes.Length; sector += MemoryFileSystem.SectorBytes)
            {
                using LogHarness damaged = LogHarness.CloneOf(written);
                byte[] overwritten = [.. bytes];
                overwritten.AsSpan(sector, MemoryFileSystem.SectorBytes).Fill((byte)(sector >> 9));
                damaged.Disk.Overwrite(path, overwritten);
                AssertRepaired(damaged, other, $"{path} {sector}", IsBehindEnd(path, sector, end));
            }
        }
    }

    [Fact]
    public void What_cannot_be_known_of_the_end_is_bounded()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        LogModel known = log.Model;
        int offset = log.Wal.SegmentOffset;
        log.Append(1, 1, 20);
        log.Sync();
        log.Disk.Kill();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        log.Disk.Flip(path, offset + 50, 1);
        SalvagedLog salvaged = Salvage(log);
        Assert.Equal(known.Last, salvaged.Entries.Pieces[0].Last);
        Assert.NotNull(salvaged.Doubt);
        Assert.InRange(salvaged.Doubt.Value.Bound.Value, log.Model.Last.Index.Value, log.Model.Last.Index.Value + 8);
    }

    /// <summary>
    /// If another member lacks the entry before the new term's first, and a third the one behind, nobody else can tell
    /// that these two follow each other.
    /// </summary>
    [Fact]
    public void Between_entries_that_follow_each_other_the_loss_of_a_term_and_vote_leaves_no_hole()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        int start = log.Wal.SegmentOffset;
        log.Append(new HardState(new Term(2), new NodeId(2), default), []);
        int end = log.Wal.SegmentOffset;
        log.Append(2, 2);
        log.Sync();
        log.Disk.Kill();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        for (int offset = start; offset < end; offset++)
        {
            using LogHarness damaged = LogHarness.CloneOf(log);
            damaged.Disk.Flip(path, offset, 0xFF);
            LogPiece left = Assert.Single(Salvage(damaged).Entries.Pieces);
            Assert.Equal(log.Model.Last, left.Last);
        }
    }

    [Fact]
    public void An_order_to_cut_that_is_lost_with_what_replaced_the_entries_leaves_a_hole()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 5);
        log.Append(log.Model.HardState with { Term = new Term(2), Vote = NodeId.None }, []);
        int start = log.Wal.SegmentOffset;
        log.Append(null, [LogEntries.Make(2, 4, 20), LogEntries.Make(2, 5, 20)]);
        int end = log.Wal.SegmentOffset;
        log.Append(2, 2); // The next by its index, also for a log that still has the entries of term 1.
        log.Sync();
        log.Disk.Kill();
        for (int offset = start; offset < end; offset++)
            log.Disk.Flip($"{LogHarness.Directory}/{WalSegment.NameOf(1)}", offset, 0xFF);

        FragmentedLog left = Salvage(log).Entries;
        Assert.Equal(2, left.Pieces.Count);
        Assert.Equal(new LogIndex(6), left.Pieces[1].Entries[0].Index);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_went_on_in_a_file_that_is_missing_is_in_doubt(bool isMarkInIt)
    {
        using LogHarness log = new LogHarness().Open();
        while (log.Wal.SegmentCount < 2)
            log.Append(1, 1, 300);
        log.Sync();
        if (isMarkInIt)
            log.Wal.SaveDurableMark();
        log.Append(1, 3);
        log.Sync();
        log.Disk.Kill();
        log.Disk.Remove($"{LogHarness.Directory}/{WalSegment.NameOf(2)}");
        SalvagedLog salvaged = Salvage(log);
        Assert.True(salvaged.Entries.Last.Index < log.Model.Last.Index);
        Assert.True(salvaged.Doubt?.Bound >= log.Model.Last.Index, $"{salvaged.Doubt}");
    }

    [Fact]
    public void Entries_that_may_have_been_cut_are_not_taken_for_committed()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 10);
        log.Commit(5);
        log.Append(log.Model.HardState with { Term = new Term(2), Vote = NodeId.None }, []);
        log.Sync();
        int start = log.Wal.SegmentOffset;
        log.Append(null, [LogEntries.Make(2, 6, 20)]);
        int end = log.Wal.SegmentOffset;
        log.Commit(6);
        log.Sync();
        log.Disk.Kill();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        for (int offset = start; offset < end; offset += 8)
            log.Disk.Flip(path, offset, 1);

        SalvagedLog salvaged = Salvage(log);
        LogPiece left = Assert.Single(salvaged.Entries.Pieces);
        Assert.Equal(new EntryId(new Term(1), new LogIndex(10)), left.Last);
        Assert.Equal(new LogIndex(5), left.Commit);
        Assert.NotNull(salvaged.Doubt);
    }

    [Fact]
    public void An_answer_fits_in_a_message_however_much_is_missing()
    {
        const int Count = 40_000;
        FragmentedLog other = new();
        other.BeginAfter(EntryId.Zero);
        for (int i = 1; i <= Count; i++)
            other.Add(LogEntries.Make(1, i, i % 100), follows: true);

        FragmentedLog log = new();
        log.BeginAfter(EntryId.Zero);
        log.Add(LogEntries.Make(1, Count, 1), follows: false);
        int answers = 0;
        for (; !log.IsWhole; answers++)
        {
            LogPiece hole = log.Pieces[1];
            RepairAnswer found = other.FindBefore(
                hole.Anchor, LogIndex.Zero, hole.Before.Index, out EntryId before, out var entries);
            Assert.Equal(RepairAnswer.Found, found);
            Message answer = new() { Kind = MessageKind.RepairResponse, Log = before, Entries = entries };
            Assert.InRange(MessageCodec.GetSize(answer), 0, 2 * 1024 * 1024);
            Assert.InRange(entries.Length, 1, MessageCodec.MaxEntries);
            Assert.True(log.TryFill(before, entries.Span));
        }

        Assert.Equal(Count, log.Pieces[0].Entries.Count);
        Assert.InRange(answers, 3, 10);
    }

    [Fact]
    public void What_a_snapshot_stands_for_stays_when_another_history_behind_it_is_given_up()
    {
        EntryId snapshot = new(new Term(4), new LogIndex(12));
        FragmentedLog log = new();
        log.Add(LogEntries.Make(3, 13, 1), follows: false);
        log.StandOn(snapshot);
        Assert.True(log.TryFill(new EntryId(new Term(3), new LogIndex(12)), default));
        Assert.False(log.IsWhole);
        log.GiveUpBehindHole();
        Assert.Equal(snapshot, log.Last);
        Assert.True(log.IsWhole);
    }

    [Fact]
    public void Term_and_vote_are_known_whichever_record_of_them_is_damaged()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        int offset = log.Wal.SegmentOffset;
        HardState voted = new(new Term(7), new NodeId(2), default);
        log.Append(voted, []);
        log.Sync();
        log.Disk.Kill();
        log.Disk.Flip($"{LogHarness.Directory}/{WalSegment.NameOf(1)}", offset + 48, 1);
        SalvagedLog salvaged = Salvage(log);
        Assert.True(salvaged.IsHardStateCertain);
        Assert.Equal(voted, salvaged.HardState);

        // With the newer copy of the mark damaged, too, nobody may rely on the older.
        int uncertain = 0;
        for (int copy = 0; copy < 2; copy++)
        {
            using LogHarness twice = LogHarness.CloneOf(log);
            twice.Disk.Flip($"{LogHarness.Directory}/{WalMarkFile.Name}", (copy * 4096) + 40, 1);
            salvaged = Salvage(twice);
            Assert.True(salvaged.HardState == voted || !salvaged.IsHardStateCertain);
            uncertain += salvaged.IsHardStateCertain ? 0 : 1;
        }

        Assert.Equal(1, uncertain);
    }

    [Fact]
    public void A_log_written_anew_survives_a_cut_of_the_power_at_any_call()
    {
        using LogHarness written = WriteWithCuts();
        written.Wal.Dispose();
        LogPiece whole = Salvage(written).Entries.Pieces[0];
        bool isCut = true;
        for (int call = 0; isCut; call++)
        {
            using LogHarness log = LogHarness.CloneOf(written);
            log.Disk.CutPowerAt(call);
            try
            {
                using WalMarkFile mark = OpenMark(log);
                Wal.Rewrite(
                    log.Disk, LogHarness.Directory, log.Options(), mark, log.Model.HardState, whole,
                    new LogDoubt(new Term(9), new LogIndex(1000)));
            }
            catch (PowerCutException)
            {
            }
            catch (StorageFailedException)
            {
            }

            isCut = log.Disk.IsOff;
            log.Disk.CutPower(new RandomCrash(new Random(call)));
            log.Open();
            Assert.Null(log.Model.Compare(log.Recovery, LogIndex.Zero));
            Assert.True(isCut || log.Recovery.Doubt is not null);
            log.Append(20, 1);
            log.Sync();
        }
    }

    private static int AssertRepaired(
        LogHarness damaged, FragmentedLog other, string where, bool isBehindEnd = false)
    {
        SalvagedLog salvaged = Salvage(damaged);
        FragmentedLog log = salvaged.Entries;
        log.StandOn(EntryId.Zero);
        int holes = 0;
        for (; !log.IsWhole; holes++)
        {
            LogPiece hole = log.Pieces[1];
            RepairAnswer found = other.FindBefore(
                hole.Anchor, LogIndex.Zero, hole.Before.Index, out EntryId before, out var entries);
            Assert.True(found is RepairAnswer.Found, $"{where}: the other log does not hold {hole.Anchor}.");
            Assert.True(log.TryFill(before, entries.Span), $"{where}: nothing new before {hole.Anchor}.");
        }

        // What is behind the end may be the beginning of something more.
        Assert.True(salvaged.Doubt is null || isBehindEnd, $"{where}: {salvaged.Doubt}");
        Assert.True(salvaged.IsHardStateCertain, where);
        HardState expected = damaged.Model.HardState;
        Assert.Equal((expected.Term, expected.Vote), (salvaged.HardState.Term, salvaged.HardState.Vote));
        WalRecovery recovery = new()
        {
            HardState = expected,
            LogBase = log.Pieces[0].Before,
            Entries = log.Pieces[0].Entries.ToArray(),
        };
        Assert.True(damaged.Model.Compare(recovery, LogIndex.Zero) is null, where);
        Assert.True(log.Pieces[0].Commit <= expected.Commit, where);
        return holes;
    }

    private static bool IsBehindEnd(string path, int offset, int end) => WalSegment.TryParseName(Path.GetFileName(path))
        is { } epoch && (epoch > 3 || (epoch == 3 && offset + MemoryFileSystem.SectorBytes > end));

    private static SalvagedLog Salvage(LogHarness log)
    {
        using WalMarkFile mark = OpenMark(log);
        using EntryArena arena = new(new EntryBlockPool());
        using WalSalvage salvage = new(log.Disk, log.Options(), mark, arena);
        return salvage.Run(Wal.ListSegments(log.Disk, LogHarness.Directory));
    }

    private static WalMarkFile OpenMark(LogHarness log) =>
        WalMarkFile.Open(log.Disk, LogHarness.Directory, log.Options().DirectoryId);

    /// <summary>Three segments with elections, commits, and entries that another leader's replaced.</summary>
    private static LogHarness WriteWithCuts()
    {
        LogHarness log = new LogHarness().Open();
        long term = 1;
        for (int i = 1; log.Wal.SegmentCount < 3; i++)
        {
            term += i % 4 == 0 ? 1 : 0;
            log.Append(term, 3, 300);
            if (i % 5 == 0)
                log.Commit(log.Model.Last.Index.Value - 4);
            if (i % 7 == 0)
            {
                Entry[] replaced = [LogEntries.Make(++term, log.Model.Last.Index.Value - 1, 50)];
                log.Append(log.Model.HardState with { Term = new(term), Vote = NodeId.None }, replaced);
            }

            log.Sync();
            if (log.Wal.NeedsNextSegment)
                log.Wal.PrepareNextSegment();
        }

        return log;
    }
}
