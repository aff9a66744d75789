using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>The write-ahead log without faults: groups, cuts, resets, rotation, purging, reuse.</summary>
public sealed class WalTests
{
    [Fact]
    public void A_new_log_is_empty()
    {
        using LogHarness log = new LogHarness().Open();
        Assert.Equal(default, log.Recovery.HardState);
        Assert.Equal(EntryId.Zero, log.Recovery.LogBase);
        Assert.True(log.Recovery.Entries.IsEmpty);
        Assert.Null(log.Recovery.Doubt);
    }

    [Fact]
    public void Nothing_is_written_before_a_flush_and_nothing_is_durable_before_a_sync()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 1);
        log.Sync();
        long writes = log.Disk.CallsOf(DiskCall.Write);
        long syncs = log.Disk.CallsOf(DiskCall.Sync);
        log.Append(1, 5);
        log.Append(1, 5);
        Assert.Equal(writes, log.Disk.CallsOf(DiskCall.Write));
        Assert.Equal(1, log.Wal.DurableIndex.Value);

        log.Sync();
        Assert.Equal(writes + 1, log.Disk.CallsOf(DiskCall.Write));
        Assert.Equal(syncs + 1, log.Disk.CallsOf(DiskCall.Sync));
        Assert.Equal(11, log.Wal.DurableIndex.Value);

        log.Sync();
        Assert.Equal(syncs + 1, log.Disk.CallsOf(DiskCall.Sync));
    }

    /// <summary>See fault D12: one damaged record must not make a member forget whom it voted for.</summary>
    [Fact]
    public void A_new_term_or_vote_is_saved_in_two_places_before_a_sync_returns()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 1);
        log.Sync();
        long syncs = log.Disk.CallsOf(DiskCall.Sync);
        HardState voted = new(new Term(2), new NodeId(3), default);
        log.Append(voted, []);
        log.Sync();
        Assert.Equal(syncs + 2, log.Disk.CallsOf(DiskCall.Sync));
        log.Disk.Kill();
        Guid directory = log.Options().DirectoryId;
        using WalMarkFile mark = WalMarkFile.Open(log.Disk, LogHarness.Directory, directory);
        Assert.Equal(voted, mark.Mark.HardState);
        Assert.True(mark.IsHardStateCurrent);
    }

    [Fact]
    public void Commits_write_into_segments_that_have_their_full_size()
    {
        using LogHarness log = new LogHarness().Open();
        while (log.Wal.SegmentCount < 4)
        {
            if (log.Wal.NeedsNextSegment)
                log.Wal.PrepareNextSegment();

            long fills = log.Disk.CallsOf(DiskCall.ZeroFill);
            log.Append(1, 1, 1000);
            log.Sync();
            Assert.Equal(fills, log.Disk.CallsOf(DiskCall.ZeroFill));
            Assert.All(
                log.Disk.Paths.Where(path => path.EndsWith(WalSegment.Suffix, StringComparison.Ordinal)),
                path => Assert.Equal(LogHarness.SegmentBytes, log.Disk.ReadAll(path).Length));
        }
    }

    [Fact]
    public void A_log_of_small_segments_takes_an_entry_that_only_a_larger_one_holds()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 1);
        log.Wal.Dispose();
        WalOptions larger = log.Options() with { SegmentBytes = 8 * LogHarness.SegmentBytes };
        using EntryArena arena = new(new EntryBlockPool());
        Entry big = LogEntries.Make(1, 2, 4 * LogHarness.SegmentBytes);
        using (Wal wal = Wal.Open(log.Disk, LogHarness.Directory, larger, arena, out _))
        {
            wal.Append(null, [big], null);
            wal.Sync();
        }

        using Wal again = Wal.Open(log.Disk, LogHarness.Directory, larger, arena, out WalRecovery recovery);
        Assert.Equal(2, recovery.Entries.Length);
        LogEntries.AssertIntact(recovery.Entries.Span[1]);
    }

    [Fact]
    public void An_entry_at_an_existing_index_replaces_it_and_all_that_follow()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 10);
        Entry[] replacement = [LogEntries.Make(2, 4, 50), LogEntries.Make(3, 5, 60)];
        log.Append(new HardState(new Term(3), default, default), replacement);
        log.Sync();
        log.Disk.CutPower(new UniformCrash(keeps: false));
        log.Reopen();
        Assert.Equal(5, log.Model.Entries.Count);
        Assert.Equal(new EntryId(new Term(3), new LogIndex(5)), log.Wal.LastEntry);
    }

    [Fact]
    public void A_reset_empties_the_log()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 10);
        EntryId snapshot = new(new Term(2), new LogIndex(50));
        log.Append(new HardState(new Term(2), default, snapshot.Index), [LogEntries.Make(2, 51, 10)], snapshot);
        log.Sync();
        log.Disk.CutPower(new UniformCrash(keeps: false));
        log.Reopen();
        Assert.Equal(snapshot, log.Recovery.LogBase);
        Assert.Equal(1, log.Recovery.Entries.Length);
    }

    [Fact]
    public void A_group_that_contradicts_the_log_is_refused_before_anything_is_staged()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(3, 5);
        log.Commit(4);
        log.Sync();
        int offset = log.Wal.SegmentOffset;
        HardState state = log.Model.HardState;

        Refuses(null, [LogEntries.Make(3, 7, 1)]);
        Refuses(null, [LogEntries.Make(2, 6, 1)]);
        Refuses(null, [LogEntries.Make(4, 4, 1)]);
        Refuses(null, [LogEntries.Make(4, 0, 1)]);
        Refuses(null, [LogEntries.Make(3, 6, 1), LogEntries.Make(3, 8, 1)]);
        Refuses(null, [LogEntries.Make(3, 6, LogHarness.SegmentBytes)]);
        Refuses(null, [], new EntryId(new Term(3), new LogIndex(3)));
        Refuses(state with { Term = new Term(2) }, []);
        Refuses(state with { Vote = NodeId.None }, []);
        Refuses(state with { Commit = new LogIndex(3) }, []);
        Refuses(state with { Commit = new LogIndex(6) }, []);
        Assert.Equal(offset, log.Wal.SegmentOffset);
        Assert.False(log.Wal.IsDirty);

        void Refuses(HardState? hardState, Entry[] entries, EntryId? reset = null) =>
            Assert.Throws<InvariantViolationException>(() => log.Wal.Append(hardState, entries, reset));
    }

    [Fact]
    public void A_batch_larger_than_a_segment_is_split_and_arrives_whole()
    {
        using LogHarness log = new LogHarness().Open();
        Entry[] entries = [.. Enumerable.Range(1, 60).Select(i => LogEntries.Make(2, i, 1000))];
        log.Append(new HardState(new Term(2), new NodeId(1), new LogIndex(60)), entries);
        log.Sync();
        Assert.True(log.Wal.SegmentCount > 3, "It needs several segments.");
        log.Disk.CutPower(new UniformCrash(keeps: false));
        log.Reopen();
        Assert.Equal(60, log.Model.Entries.Count);
        Assert.Equal(60, log.Model.HardState.Commit.Value);
    }

    [Fact]
    public void Purging_gives_up_whole_segments_and_no_entry_above_the_index()
    {
        using LogHarness log = WalDamageTests.WriteThreeSegments();
        int entries = log.Model.Entries.Count;
        log.Purge(1);
        Assert.Equal(3, log.Wal.SegmentCount);

        log.Purge(entries);
        Assert.Equal(1, log.Wal.SegmentCount);
        Assert.InRange(log.Wal.LogBase.Index.Value, 1, entries);
        log.Disk.CutPower(new UniformCrash(keeps: false));
        log.Reopen();
        Assert.Equal(log.Model.HardState, log.Recovery.HardState);
        Assert.Equal(entries, log.Recovery.LastEntry.Index.Value);
    }

    [Fact]
    public void A_tail_that_was_cut_across_a_purged_segment_has_the_right_base()
    {
        using LogHarness log = new LogHarness().Open();
        // Fill the first segment, cut into it from the second, and give the first one up.
        while (log.Wal.SegmentCount < 2)
            log.Append(1, 1, 1000);
        long last = log.Model.Last.Index.Value;
        log.Append(new HardState(new Term(2), default, default), [LogEntries.Make(2, last - 4, 10)]);
        while (log.Model.Last.Index.Value < last + 5)
            log.Append(2, 1, 10);
        log.Commit(last + 5);
        log.Purge(last - 5);
        Assert.Equal(1, log.Wal.SegmentCount);
        Assert.Equal(new EntryId(new Term(1), new LogIndex(last - 5)), log.Wal.LogBase);
        log.Disk.CutPower(new UniformCrash(keeps: false));
        log.Reopen();
        Assert.Equal(new EntryId(new Term(1), new LogIndex(last - 5)), log.Recovery.LogBase);
        Assert.Equal(10, log.Recovery.Entries.Length);
    }

    /// <summary>
    /// Records of 512 bytes end at the ends of pages, in each life of the file at the same places: so an old record
    /// stands exactly where the next one is expected.
    /// </summary>
    [Fact]
    public void Records_of_a_recycled_segments_former_life_do_not_count()
    {
        using LogHarness log = new LogHarness().Open();
        long index = 0;
        int recycled = 0;
        for (int step = 0; step < 400; step++)
        {
            if (log.Wal.NeedsNextSegment)
            {
                long fills = log.Disk.CallsOf(DiskCall.ZeroFill);
                log.Purge(index - 5);
                log.Wal.PrepareNextSegment();
                recycled += fills > 0 ? 1 : 0;
            }

            index++;
            bool opensSegment = log.Wal.SegmentOffset % 512 != 0;
            // The start record has 80 bytes; the first record behind it fills the sector.
            log.Append(null, [LogEntries.Make(1, index, opensSegment ? 384 : 464)]);
            log.Sync();
            log.Disk.CutPower(new UniformCrash(keeps: false));
            log.Reopen();
            Assert.Equal(index, log.Recovery.LastEntry.Index.Value);
            Assert.Equal(0, log.Recovery.TornBytesCut);
        }

        Assert.True(recycled > 5, $"{recycled} segments were recycled.");
        Assert.True(log.Disk.Paths.Count < 8, "Purged segments do not pile up.");
    }

    [Fact]
    public void An_unfinished_creation_is_started_over()
    {
        for (int n = 0; ; n++)
        {
            using LogHarness log = new();
            log.Disk.CutPowerAt(n);
            try
            {
                log.Open();
                break;
            }
            catch (PowerCutException)
            {
                log.Disk.CutPower(new RandomCrash(new Random(n)));
                log.Open();
                Assert.True(log.Recovery.Entries.IsEmpty);
            }
        }
    }

    [Fact]
    public void A_file_cut_short_behind_the_records_gets_its_size_back()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 3);
        log.Sync();
        log.Wal.Dispose();
        string path = $"{LogHarness.Directory}/{WalSegment.NameOf(1)}";
        log.Disk.Overwrite(path, log.Disk.ReadAll(path)[..8192]);
        log.Reopen();
        Assert.Equal(LogHarness.SegmentBytes, log.Disk.ReadAll(path).Length);
    }

    [Fact]
    public void Appending_and_syncing_allocate_nothing()
    {
        string path = Directory.CreateTempSubdirectory("coord-wal-").FullName;
        try
        {
            using EntryArena arena = new(new EntryBlockPool());
            WalOptions options = new() { CreateNew = true, SegmentBytes = 4 * 1024 * 1024 };
            using Wal wal = Wal.Open(PhysicalFileSystem.Instance, path, options, arena, out _);
            Entry[] entries = new Entry[2];
            long index = 0;
            for (int i = 0; i < 50; i++)
                AppendTwo();

            // The least of some: a collection trims the shared pools, and what was trimmed is allocated once more.
            Assert.Equal(0, Enumerable.Range(0, 5).Min(_ => Measure()));

            long Measure()
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < 200; i++)
                    AppendTwo();
                wal.SaveDurableMark();
                return GC.GetAllocatedBytesForCurrentThread() - before;
            }

            void AppendTwo()
            {
                entries[0] = new Entry(new EntryId(new Term(1), new LogIndex(++index)), default, Payload);
                entries[1] = new Entry(new EntryId(new Term(1), new LogIndex(++index)), default, Payload);
                wal.Append(new HardState(new Term(1), new NodeId(1), new LogIndex(index)), entries, null);
                wal.Sync();
            }
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static readonly byte[] Payload = LogEntries.Bytes(1, 256);
}
