namespace Coord.Raft.Tests.Storage;

/// <summary>
/// Faults D20 to D23, D28 and D35: every file operation of a busy log fails once, and the power is cut before each.
/// Whatever comes, nothing that a sync had confirmed is lost, and no group is there in part.
/// </summary>
public sealed class WalFaultTests
{
    [Theory]
    [InlineData("Input/output error", false)]
    [InlineData("Input/output error", true)]
    [InlineData("No space left on device", false)]
    public void Any_operation_may_fail_once(string failure, bool isPowerCutAfterwards)
    {
        int failures = 0;
        for (int n = 0; ; n++)
        {
            using LogHarness log = new();
            log.Disk.FailAt(n, failure);
            try
            {
                RunScenario(log);
            }
            catch (Exception e) when (e is CoordException or IOException)
            {
            }

            if (!log.Disk.HasFailed)
                break;

            failures++;
            if (isPowerCutAfterwards)
                log.Disk.CutPower(new RandomCrash(new Random(n)));
            else
                log.Disk.Kill();

            ReopenAndGoOn(log);
        }

        Assert.True(failures > 100, $"{failures} operations failed.");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_power_may_be_cut_before_any_operation(int policy)
    {
        int cuts = 0;
        for (int n = 0; ; n++)
        {
            using LogHarness log = new();
            log.Disk.CutPowerAt(n);
            try
            {
                RunScenario(log);
                break;
            }
            catch (PowerCutException)
            {
                cuts++;
            }

            log.Disk.CutPower(policy switch
            {
                0 => new UniformCrash(keeps: false),
                1 => new UniformCrash(keeps: true),
                _ => new RandomCrash(new Random((policy * 100_003) + n)),
            });
            ReopenAndGoOn(log);
        }

        Assert.True(cuts > 100, $"{cuts} power cuts.");
    }

    [Fact]
    public void A_failed_sync_closes_the_log_for_good_and_is_never_repeated()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 2);
        log.Sync();
        log.Append(1, 2);
        log.Disk.FailAt(0, kind: DiskCall.Sync);
        Assert.Throws<StorageFailedException>(log.Sync);

        long calls = log.Disk.Calls;
        Assert.Throws<StorageFailedException>(() => log.Wal.Sync());
        Assert.Throws<StorageFailedException>(() => log.Wal.Flush());
        Assert.Throws<StorageFailedException>(() => log.Wal.Append(null, [LogEntries.Make(1, 5, 10)], null));
        Assert.Throws<StorageFailedException>(() => log.Wal.SaveDurableMark());
        Assert.Throws<StorageFailedException>(() => log.Wal.PurgeThrough(new LogIndex(1)));
        Assert.Throws<StorageFailedException>(() => log.Wal.PrepareNextSegment());
        log.Wal.Dispose();
        Assert.Equal(calls, log.Disk.Calls);
        Assert.Equal(2, log.Wal.DurableIndex.Value);
    }

    [Fact]
    public void On_a_full_disk_the_log_goes_on_in_the_space_that_it_has_and_then_stops()
    {
        using LogHarness log = new LogHarness().Open();
        log.Wal.PrepareNextSegment();
        log.Disk.Capacity = 0;
        Exception? stopped = null;
        int appended = 0;
        while (stopped is null)
        {
            if (log.Wal.NeedsNextSegment)
                Assert.Throws<IOException>(log.Wal.PrepareNextSegment);

            stopped = Record.Exception(() =>
            {
                log.Append(1, 1, 1000);
                log.Sync();
            });
            appended++;
        }

        StorageFailedException failure = Assert.IsType<StorageFailedException>(stopped);
        Assert.Contains("No space left", failure.Message, StringComparison.Ordinal);
        Assert.True(appended > 20, $"{appended} entries filled the two segments.");

        log.Disk.Kill();
        log.Disk.Capacity = long.MaxValue;
        log.Reopen();
        Assert.InRange(log.Model.Entries.Count, appended - 1, appended);
        log.Append(1, 5, 1000);
        log.Sync();
        Assert.True(log.Wal.SegmentCount > 2, "The log goes on.");
    }

    [Fact]
    public void A_failed_preparation_harms_nothing()
    {
        for (int n = 0; n < 6; n++)
        {
            using LogHarness log = new LogHarness().Open();
            log.Append(1, 2);
            log.Disk.FailAt(n);
            Assert.Throws<IOException>(log.Wal.PrepareNextSegment);
            log.Sync();
            log.Wal.PrepareNextSegment();
            Assert.False(log.Wal.NeedsNextSegment);
        }
    }

    private static void RunScenario(LogHarness log)
    {
        log.Open();
        for (int i = 0; i < 30; i++)
        {
            log.Append(Math.Max(1 + (i / 10), log.Model.HardState.Term.Value), 2, 700);
            if (i % 2 == 0)
                log.Sync();
            if (i % 3 == 0 && log.Wal.NeedsNextSegment)
                log.Wal.PrepareNextSegment();
            if (i == 12)
            {
                log.Commit(20);
                log.Sync();
                log.Wal.SaveDurableMark();
                log.Purge(18);
            }

            if (i == 20)
                ReplaceTail(log, 3);
        }

        EntryId snapshot = new(log.Model.HardState.Term, log.Model.Last.Index + 100);
        log.Append(log.Model.HardState with { Commit = snapshot.Index }, [], snapshot);
        log.Append(snapshot.Term.Value, 3);
        log.Sync();
        log.Purge(snapshot.Index.Value);
        log.Append(snapshot.Term.Value, 4, 2000);
        log.Sync();
        log.Wal.Dispose();
    }

    private static void ReplaceTail(LogHarness log, int count)
    {
        long first = log.Model.Last.Index.Value - count + 1;
        Term term = log.Model.HardState.Term.Next;
        Entry[] entries = [.. Enumerable.Range(0, count).Select(i => LogEntries.Make(term.Value, first + i, 300))];
        log.Append(log.Model.HardState with { Term = term, Vote = NodeId.None }, entries);
    }

    private static void ReopenAndGoOn(LogHarness log)
    {
        log.Reopen();
        log.Append(log.Model.HardState.Term.Value + 1, 3, 900);
        log.Sync();
        log.Disk.CutPower(new UniformCrash(keeps: false));
        LogModel expected = log.Model;
        log.Reopen();
        Assert.Equal(expected.Last, log.Model.Last);
    }
}
