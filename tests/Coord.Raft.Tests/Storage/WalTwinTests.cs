using Coord.Raft.Storage;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Coord.Raft.Tests.Storage;

/// <summary>
/// The log against a dumb twin, a list of entries, through anything that may happen, in an order from a seed.
/// </summary>
public sealed class WalTwinTests
{
    [Property(MaxTest = 300)]
    public Property The_log_holds_what_the_list_holds(DoNotSize<int> seed)
    {
        Statistics statistics = Run(seed.Item);
        return statistics.Problem is null
            ? true.ToProperty()
                .Classify(statistics.Torn > 0, "a tail was torn")
                .Classify(statistics.Failures > 0, "an operation failed")
                .Classify(statistics.Rotations > 3, "more than three rotations")
                .Classify(statistics.Purges > 0, "purged")
            : false.ToProperty().Label($"seed {seed.Item}: {statistics.Problem}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Replay(int seed) => Assert.Null(Run(seed).Problem);

    private static Statistics Run(int seed)
    {
        Random random = new(seed);
        Statistics statistics = new();
        SyncStrategy strategy = (SyncStrategy)random.Next(3);
        using LogHarness log = new(strategy: strategy);
        // Swarm: each seed has its own mix.
        int[] weights = [.. Enumerable.Range(0, 10).Select(_ => random.Next(3) == 0 ? 0 : random.Next(1, 10))];
        weights[0] = Math.Max(weights[0], 3);
        try
        {
            log.Open();
            for (int step = 0; step < 150; step++)
                Step(log, random, Choose(random, weights), statistics);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            statistics.Problem = e.ToString();
        }

        return statistics;
    }

    private static int Choose(Random random, int[] weights)
    {
        int at = random.Next(weights.Sum());
        int choice = 0;
        while (at >= weights[choice])
            at -= weights[choice++];

        return choice;
    }

    private static void Step(LogHarness log, Random random, int choice, Statistics statistics)
    {
        int segments = log.Wal.SegmentCount;
        try
        {
            Act(log, random, choice);
        }
        catch (IOException)
        {
            // The preparation of a segment: nothing is lost.
        }
        catch (StorageFailedException)
        {
            statistics.Failures++;
            Restart(log, random, statistics);
        }
        catch (PowerCutException)
        {
            log.Disk.CutPower(new RandomCrash(random));
            Recover(log, random, statistics);
        }

        if (choice is 7 or 8)
            Restart(log, random, statistics);

        statistics.Rotations += Math.Max(0, log.Wal.SegmentCount - segments);
        statistics.Purges += log.Wal.SegmentCount < segments ? 1 : 0;
    }

    private static void Act(LogHarness log, Random random, int choice)
    {
        LogModel model = log.Model;
        long last = model.Last.Index.Value;
        switch (choice)
        {
            case 0: Append(log, random, from: last + 1); break;
            case 1: Append(log, random, from: random.NextInt64(Math.Max(Floor(log), last - 10), last + 1) + 1); break;
            case 2: log.Commit(random.NextInt64(model.HardState.Commit.Value, last + 1)); break;
            case 3: log.Sync(); break;
            case 4: log.Wal.Flush(); break;
            case 5: log.Wal.PrepareNextSegment(); break;
            case 6:
                long committed = log.Durable.HardState.Commit.Value;
                log.Purge(random.NextInt64(Math.Max(0, committed - 10), committed + 1));
                break;
            case 7 when random.Next(2) == 0: log.Disk.FailAt(random.Next(6)); break;
            case 7: log.Disk.CutPowerAt(random.Next(6)); break;
            case 9:
                log.Wal.SaveDurableMark();
                if (random.Next(4) == 0)
                    Reset(log, random);
                break;
            default: break;
        }

        if (choice == 7)
        {
            Append(log, random, from: last + 1);
            log.Sync();
        }
    }

    private static void Append(LogHarness log, Random random, long from)
    {
        HardState state = log.Model.HardState;
        EntryId before = log.Model.IdAt(from - 1);
        bool raisesTerm = from <= log.Model.Last.Index.Value || random.Next(5) == 0;
        Term term = raisesTerm ? Term.Max(state.Term, before.Term).Next : Term.Max(state.Term, before.Term);
        int count = random.Next(1, random.Next(1, 8));
        Entry[] entries = [.. Enumerable.Range(0, count).Select(i =>
            LogEntries.Make(term.Value, from + i, random.Next(random.Next(1, 1400)), (EntryKind)random.Next(5)))];
        HardState? next = term > state.Term || random.Next(3) == 0
            ? new HardState(term, term > state.Term ? new NodeId((ulong)random.Next(4)) : state.Vote, state.Commit)
            : null;
        log.Append(next, entries);
    }

    private static void Reset(LogHarness log, Random random)
    {
        EntryId id = new(log.Model.HardState.Term, log.Model.Last.Index + random.Next(0, 20));
        log.Append(log.Model.HardState with { Commit = id.Index }, [], id);
    }

    // Nothing that is committed is replaced, and nothing that may have been purged.
    private static long Floor(LogHarness log) =>
        Math.Max(log.Model.HardState.Commit.Value, Math.Max(log.Wal.LogBase.Index.Value, log.Model.Base.Index.Value));

    private static void Restart(LogHarness log, Random random, Statistics statistics)
    {
        switch (random.Next(3))
        {
            case 0:
                log.Disk.Kill();
                break;
            case 1:
                log.Disk.CutPower(new RandomCrash(random));
                break;
            default:
                log.Disk.CutPower(new UniformCrash(random.Next(2) == 0));
                break;
        }

        Recover(log, random, statistics);
    }

    private static void Recover(LogHarness log, Random random, Statistics statistics)
    {
        // Recovery itself may be interrupted, more than once.
        while (random.Next(3) == 0)
        {
            log.Disk.CutPowerAt(random.Next(20));
            try
            {
                log.Reopen();
            }
            catch (PowerCutException)
            {
            }

            log.Disk.CutPower(new RandomCrash(random));
        }

        log.Reopen();
        statistics.Torn += log.Recovery.TornBytesCut > 0 ? 1 : 0;
    }

    private sealed class Statistics
    {
        public string? Problem { get; set; }

        public int Torn { get; set; }

        public int Failures { get; set; }

        public int Rotations { get; set; }

        public int Purges { get; set; }
    }
}
