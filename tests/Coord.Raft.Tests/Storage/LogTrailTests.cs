using Coord.Raft.Storage;

namespace Coord.Raft.Tests.Storage;

/// <summary>A log is opened with a few of the entries that a snapshot stands for, and all behind.</summary>
public sealed class LogTrailTests
{
    private const int Entries = 300;

    [Theory]
    [InlineData(0, 0, 0, 0)] // Nothing is covered: everything is there.
    [InlineData(200, 0, 0, 200)]
    [InlineData(200, 30, 1 << 20, 170)]
    [InlineData(200, 1000, 1 << 20, 0)]
    [InlineData(200, 1000, 2000, 190)] // Payloads have 200 bytes.
    [InlineData(300, 0, 0, 300)]
    [InlineData(400, 0, 0, 300)] // The snapshot has overtaken the log.
    [InlineData(400, 10, 1 << 20, 290)]
    public void What_follows_a_snapshot_is_loaded_and_a_few_before(long covered, int most, long bytes, long before)
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, Entries, bytes: 0);
        log.Sync();
        AssertLoaded(log, new LogTrail(new LogIndex(covered), most, bytes), before, Entries, term: 1);

        static void AssertLoaded(LogHarness log, LogTrail trail, long before, long last, long term)
        {
            WalRecovery recovered = Reopen(log, trail);
            Assert.Equal(new EntryId(new Term(before == 0 ? 0 : term), new LogIndex(before)), recovered.LogBase);
            Assert.Equal(last - before, recovered.Entries.Length);
            for (int i = 0; i < recovered.Entries.Length; i++)
            {
                Assert.Equal(before + i + 1, recovered.Entries.Span[i].Index.Value);
                LogEntries.AssertIntact(recovered.Entries.Span[i]);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void What_was_cut_off_is_not_loaded_whether_or_not_it_was_covered(int most)
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 50);
        log.Append(new HardState(new Term(2), default, default), [LogEntries.Make(2, 31, 10)]);
        log.Append(2, 19);
        log.Sync();
        WalRecovery recovered = Reopen(log, new LogTrail(new LogIndex(40), most, 1 << 20));
        Assert.Equal(new EntryId(new Term(2), new LogIndex(40 - most)), recovered.LogBase);
        Assert.All(recovered.Entries.ToArray(), entry => LogEntries.AssertIntact(entry));
        Assert.Equal(10 + most, recovered.Entries.Length);

        // Below the trail: what is loaded begins where the log was cut.
        recovered = Reopen(log, new LogTrail(new LogIndex(48), most, 1 << 20));
        Assert.Equal(2 + most, recovered.Entries.Length);
        Assert.Equal(new EntryId(new Term(2), new LogIndex(50)), recovered.LastEntry);
    }

    [Fact]
    public void A_reset_begins_anew()
    {
        using LogHarness log = new LogHarness().Open();
        log.Append(1, 50);
        log.Append(null, [], new EntryId(new Term(1), new LogIndex(90)));
        log.Append(1, 5);
        log.Sync();
        WalRecovery recovered = Reopen(log, new LogTrail(new LogIndex(40), 3, 1 << 20));
        Assert.Equal(90, recovered.LogBase.Index.Value);
        Assert.Equal(5, recovered.Entries.Length);
    }

    [Fact]
    public void Payloads_that_are_not_loaded_take_no_memory()
    {
        using LogHarness log = new LogHarness().Open();
        for (int i = 0; i < 300; i++)
            log.Append(1, 1, bytes: 10_000);
        log.Sync();
        log.Wal.Dispose();
        EntryBlockPool pool = new();
        using EntryArena arena = new(pool);
        WalOptions options = log.Options() with { Trail = new LogTrail(new LogIndex(300), 10, 1 << 20) };
        using Wal wal = Wal.Open(log.Disk, LogHarness.Directory, options, arena, out WalRecovery recovered);
        Assert.Equal(10, recovered.Entries.Length);
        int blocks = recovered.Entries.ToArray().Select(entry => entry.Block).Distinct().Count();
        Assert.InRange(blocks, 1, 2);
    }

    private static WalRecovery Reopen(LogHarness log, LogTrail trail)
    {
        log.Wal.Dispose();
        using EntryArena arena = new(new EntryBlockPool());
        using Wal wal = Wal.Open(
            log.Disk, LogHarness.Directory, log.Options() with { Trail = trail }, arena, out WalRecovery recovered);
        return recovered;
    }
}
