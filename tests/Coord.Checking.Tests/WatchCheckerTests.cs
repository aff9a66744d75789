using Coord.Kv;

namespace Coord.Checking.Tests;

/// <summary>What watches are told is checked against what happened: every omission and every lie is found.</summary>
public sealed class WatchCheckerTests
{
    private readonly StoreStory _story = new();
    private readonly List<Compaction> _compactions = [];

    public WatchCheckerTests()
    {
        _story.Put("a", "1"); // r2
        _story.Put("b", "1"); // r3
        _story.PutAll("a", "b", "c"); // r4
        _story.Delete("b"); // r5
        _story.Put("z", "1"); // r6
        _story.Put("b", "2"); // r7
    }

    [Fact]
    public void The_truth_is_accepted_in_batches_of_any_size()
    {
        WatchRun run = Watch(KeyRange.All, new() { StartRevision = new(2), ReturnPrevious = true });
        Tell(run, 2, 3);
        Tell(run, 4, 4);
        run.Add(new WatchBatch(new(4), []));
        Tell(run, 5, 7);
        run.Add(new WatchBatch(new(7), []));
        run.MustReach = new(7);
        AssertGood(run);
    }

    [Fact]
    public void Filters_and_ranges_leave_out_what_they_say()
    {
        WatchRun puts = Watch(KeyRange.Between("a", "c"), new() { StartRevision = new(3), SkipDeletes = true });
        Tell(puts, 3, 7);
        puts.MustReach = new(7);
        WatchRun deletions = Watch(KeyRange.All, new() { StartRevision = new(1), SkipPuts = true });
        Tell(deletions, 5, 5);
        deletions.MustReach = new(7);
        AssertGood(puts, deletions);
    }

    [Fact]
    public void A_watch_of_the_future_waits_for_it()
    {
        WatchRun run = Watch(KeyRange.All, new() { StartRevision = new(7) });
        run.Add(new WatchBatch(new(6), []));
        Tell(run, 7, 7);
        run.MustReach = new(7);
        AssertGood(run);
    }

    [Fact]
    public void A_watch_that_needs_what_was_compacted_ends_and_one_that_reads_it_may_lack_the_version_before()
    {
        _compactions.Add(new(new(5)));
        WatchRun ended = Watch(KeyRange.All, new() { StartRevision = new(2) });
        Tell(ended, 2, 3);
        ended.AddCompacted(new(5));
        ended.MustReach = new(7);
        WatchRun bare = Watch(KeyRange.Single("b"), new() { StartRevision = new(5), ReturnPrevious = true });
        bare.Add(new WatchBatch(new(5), [Event(5, 0) with { Previous = null }]));
        AssertGood(ended, bare);
    }

    [Fact]
    public void An_event_that_is_left_out_is_found() => AssertBad("were left out", run =>
    {
        Tell(run, 2, 3);
        Tell(run, 5, 7);
    });

    [Fact]
    public void An_event_that_is_left_out_of_a_revision_is_found() =>
        AssertBad("r4 was told as", run =>
        {
            Tell(run, 2, 3);
            run.Add(new WatchBatch(new(4), [Event(4, 0), Event(4, 2)]));
        });

    [Fact]
    public void An_event_that_comes_twice_is_found() => AssertBad("came although all before", run =>
    {
        Tell(run, 2, 4);
        Tell(run, 4, 5);
    });

    [Fact]
    public void An_event_that_comes_twice_in_a_batch_is_found() =>
        AssertBad("r2 was told as", run => run.Add(new WatchBatch(new(2), [Event(2, 0), Event(2, 0)])));

    [Fact]
    public void Revisions_out_of_order_are_found() => AssertBad("were left out", run =>
    {
        Tell(run, 3, 3);
        Tell(run, 2, 2);
    });

    [Fact]
    public void Events_out_of_order_within_a_revision_are_found() => AssertBad("r4 was told as", run =>
    {
        Tell(run, 2, 3);
        run.Add(new WatchBatch(new(4), [Event(4, 1), Event(4, 0), Event(4, 2)]));
    });

    [Fact]
    public void A_revision_that_is_torn_between_batches_is_found() => AssertBad("r4 was told as", run =>
    {
        Tell(run, 2, 3);
        run.Add(new WatchBatch(new(4), [Event(4, 0)]));
        run.Add(new WatchBatch(new(4), [Event(4, 1), Event(4, 2)]));
    });

    [Fact]
    public void A_revision_that_comes_back_within_a_batch_is_found() => AssertBad("came although all before", run =>
        run.Add(new WatchBatch(new(2), [Event(2, 0), Event(3, 0), Event(2, 0)])));

    [Fact]
    public void A_watch_that_resumes_one_too_late_is_found() => AssertBad("were left out", run => Tell(run, 3, 7));

    [Fact]
    public void A_watch_that_resumes_one_too_early_is_found() => AssertBad(
        "came although all before", run => Tell(run, 2, 7), new() { StartRevision = new(3) });

    [Fact]
    public void Silence_is_found() => AssertBad("went silent", run =>
    {
        Tell(run, 2, 5);
        run.MustReach = new(7);
    });

    [Fact]
    public void An_event_of_another_key_is_found() => AssertBad(
        "r6 was told as",
        run => run.Add(new WatchBatch(new(6), [Event(6, 0)])),
        new() { StartRevision = new(6) },
        KeyRange.Single("a"));

    [Fact]
    public void An_event_that_is_filtered_is_found() => AssertBad(
        "r5 was told as",
        run => run.Add(new WatchBatch(new(5), [Event(5, 0)])),
        new() { StartRevision = new(5), SkipDeletes = true });

    [Fact]
    public void An_event_that_never_happened_is_found() => AssertBad("r8 was told as", run =>
    {
        Tell(run, 2, 7);
        run.Add(new WatchBatch(new(8), [new(WatchEventKind.Put, StoreStory.Version("q", "1", 8, 8, 1), null)]));
    });

    [Fact]
    public void A_wrong_value_is_found() => AssertBad("r2 was told as", run => run.Add(
        new WatchBatch(new(2), [new(WatchEventKind.Put, StoreStory.Version("a", "9", 2, 2, 1), null)])));

    [Fact]
    public void A_creation_that_is_told_as_a_change_is_found() => AssertBad("r2 was told as", run => run.Add(
        new WatchBatch(new(2), [new(WatchEventKind.Put, StoreStory.Version("a", "1", 1, 2, 2), null)])));

    [Fact]
    public void A_batch_whose_revision_is_not_its_last_is_found() => AssertBad(
        "a batch of r3 ends with", run => run.Add(new WatchBatch(new(3), [Event(2, 0)])));

    [Fact]
    public void Progress_beyond_what_was_delivered_is_found() => AssertBad("were left out", run =>
    {
        Tell(run, 2, 3);
        run.Add(new WatchBatch(new(4), []));
    });

    [Fact]
    public void An_event_below_reported_progress_is_found() => AssertBad("came although all before", run =>
    {
        run.Add(new WatchBatch(new(6), []));
        run.Add(new WatchBatch(new(5), [Event(5, 0)]));
    });

    [Fact]
    public void Progress_that_goes_back_is_found() => AssertBad("progress went back", run =>
    {
        Tell(run, 2, 5);
        run.Add(new WatchBatch(new(4), []));
    });

    [Fact]
    public void Progress_beyond_the_store_is_found() => AssertBad("the newest is r7", run =>
    {
        Tell(run, 2, 7);
        run.Add(new WatchBatch(new(8), []));
    });

    [Fact]
    public void Progress_before_the_start_is_found() => AssertBad(
        "before its start", run => run.Add(new WatchBatch(new(7), [])), new() { StartRevision = new(12) });

    [Fact]
    public void A_wrong_version_before_is_found() => AssertBad(
        "before put",
        run => run.Add(new WatchBatch(new(7), [Event(7, 0) with { Previous = StoreStory.Version("b", "x", 3, 4, 2) }])),
        new() { StartRevision = new(7), ReturnPrevious = true });

    [Fact]
    public void A_missing_version_before_is_found()
    {
        _compactions.Add(new(new(4)));
        AssertBad(
            "before delete",
            run => run.Add(new WatchBatch(new(5), [Event(5, 0) with { Previous = null }])),
            new() { StartRevision = new(5), ReturnPrevious = true });
    }

    [Fact]
    public void A_version_before_that_nobody_asked_for_is_found() => AssertBad(
        "not asked for",
        run => run.Add(new WatchBatch(new(5), [Event(5, 0)])),
        new() { StartRevision = new(5) });

    [Fact]
    public void A_compaction_that_nobody_made_is_found() =>
        AssertBad("nobody did that", run => run.AddCompacted(new(5)));

    [Fact]
    public void A_compaction_of_what_was_delivered_already_is_found()
    {
        _compactions.Add(new(new(5)));
        AssertBad("needed only what comes", run =>
        {
            Tell(run, 2, 5);
            run.AddCompacted(new(5));
        });
    }

    [Fact]
    public void Anything_after_the_end_is_found()
    {
        _compactions.Add(new(new(5)));
        AssertBad("after its end", run =>
        {
            run.AddCompacted(new(5));
            Tell(run, 2, 7);
        });
    }

    [Fact]
    public void An_event_before_any_member_had_it_is_found() => AssertBad(
        "not there before",
        run => run.Add(new WatchBatch(new(7), [Event(7, 0)]), time: 1),
        new() { StartRevision = new(7) });

    private static WatchRun Watch(KeyRange range, WatchOptions options) => new("w", range, options);

    private WatchEvent Event(long revision, int index) => _story.Log.At(new(revision))[index];

    /// <summary>Tells a watch the truth from one revision to another, in one batch.</summary>
    private void Tell(WatchRun run, long from, long through)
    {
        List<WatchEvent> events =
        [
            .. _story.Log.Events(run.Range, new(from), new(through))
                .Where(one => one.Kind is WatchEventKind.Put ? !run.Options.SkipPuts : !run.Options.SkipDeletes)
                .Select(one => run.Options.ReturnPrevious ? one : one with { Previous = null }),
        ];
        run.Add(new WatchBatch(events[^1].Revision, events));
    }

    private void AssertGood(params WatchRun[] runs) =>
        Assert.Empty(WatchChecker.Check(_story.Log, _compactions, runs));

    private void AssertBad(
        string finding, Action<WatchRun> lie, WatchOptions? options = null, KeyRange? range = null)
    {
        WatchRun run = Watch(range ?? KeyRange.All, options ?? new() { StartRevision = new(2) });
        lie(run);
        Findings findings = WatchChecker.Check(_story.Log, _compactions, [run]);
        Assert.Contains(finding, findings.ToString(), StringComparison.Ordinal);
    }
}
