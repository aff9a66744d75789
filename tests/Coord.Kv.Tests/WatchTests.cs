using Coord.Kv.Watches;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Kv.Tests;

/// <summary>
/// A watch delivers every change of its range once, in order, a revision never torn, or says that it cannot.
/// </summary>
public sealed class WatchTests
{
    private readonly TestStore _store = new();

    [Fact]
    public void A_watch_from_the_past_sees_history_and_then_what_comes()
    {
        _store.Put("a", "1");
        _store.Put("b", "2");
        using WatchProbe probe = new(_store.Machine, KeyRange.All, from: 3);
        Assert.Equal([3], probe.ReadAll().Select(change => change.Revision.Value));
        _store.Put("c", "3");
        Assert.Equal([4], probe.ReadAll().Select(change => change.Revision.Value));
        Assert.Null(probe.ReadStep());
    }

    [Fact]
    public void A_watch_from_the_future_sees_nothing_before_it()
    {
        using WatchProbe probe = new(_store.Machine, KeyRange.All, from: 4);
        _store.Put("a", "1");
        Assert.Empty(probe.ReadAll());
        _store.Put("a", "2");
        _store.Put("a", "3");
        _store.Put("a", "4");
        Assert.Equal([4, 5], probe.ReadAll().Select(change => change.Revision.Value));
    }

    [Fact]
    public void A_watch_sees_its_range_only()
    {
        using WatchProbe key = new(_store.Machine, KeyRange.Single("a1"), from: 2);
        using WatchProbe prefix = new(_store.Machine, KeyRange.Prefix("a"), from: 2);
        Assert.Empty(key.ReadAll());
        Assert.Empty(prefix.ReadAll());
        _store.Put("a1", "");
        _store.Put("a2", "");
        _store.Put("b1", "");
        Assert.Equal(["a1"], key.ReadAll().Select(change => change.KeyValue.KeyString));
        Assert.Equal(["a1", "a2"], prefix.ReadAll().Select(change => change.KeyValue.KeyString));
    }

    [Fact]
    public void The_event_of_a_deletion_has_the_key_and_the_revision_and_no_more()
    {
        _store.Put("a", "1");
        _store.Delete(KeyRange.Single("a"));
        WatchEvent deletion = _store.History(KeyRange.All, 3, new() { ReturnPrevious = true }).Single();
        KeyValue key = deletion.KeyValue;
        Assert.Equal(WatchEventKind.Delete, deletion.Kind);
        Assert.Equal(("a", "", 0, 3, 0),
            (key.KeyString, key.ValueString, key.CreateRevision.Value, key.ModRevision.Value, key.Version));
        Assert.Equal("1", deletion.Previous!.ValueString);
    }

    [Fact]
    public void Events_carry_the_version_before_only_if_asked_and_if_there_was_one()
    {
        using WatchProbe with = new(_store.Machine, KeyRange.All, 2, new() { ReturnPrevious = true });
        using WatchProbe without = new(_store.Machine, KeyRange.All, 2);
        with.ReadAll();
        without.ReadAll();
        _store.Put("a", "1");
        _store.Put("a", "2");
        _store.Delete(KeyRange.All);
        _store.Put("a", "3");
        Assert.Equal([null, "1", "2", null], with.ReadAll().Select(change => change.Previous?.ValueString));
        Assert.All(without.ReadAll(), change => Assert.Null(change.Previous));
    }

    [Fact]
    public void Puts_or_deletions_can_be_left_out()
    {
        _store.Put("a", "1");
        _store.Delete(KeyRange.All);
        Assert.Equal([WatchEventKind.Delete],
            _store.History(KeyRange.All, 2, new() { SkipPuts = true }).Select(change => change.Kind));
        Assert.Equal([WatchEventKind.Put],
            _store.History(KeyRange.All, 2, new() { SkipDeletes = true }).Select(change => change.Kind));
    }

    [Fact]
    public void A_watch_from_below_the_compacted_revision_says_so()
    {
        _store.Put("a", "1");
        _store.Put("a", "2");
        _store.Put("a", "3");
        _store.Compact(3);
        using WatchProbe probe = new(_store.Machine, KeyRange.All, from: 2);
        Assert.Equal(3, Assert.Throws<CompactedException>(() => probe.ReadStep()).OldestRevision.Value);
    }

    /// <summary>etcd #19179, #18089: a deletion at the compacted revision was never delivered.</summary>
    [Fact]
    public void A_watch_from_the_compacted_revision_sees_a_deletion_there()
    {
        _store.Put("a", "1");
        _store.Delete(KeyRange.Single("a"));
        _store.Compact(3);
        _store.Put("b", "1");
        Assert.Equal([(3, WatchEventKind.Delete), (4, WatchEventKind.Put)],
            _store.History(KeyRange.All, 3).Select(change => (change.Revision.Value, change.Kind)));
    }

    [Fact]
    public void A_compaction_does_not_take_away_what_a_live_watch_has_not_read_yet()
    {
        using WatchProbe probe = new(_store.Machine, KeyRange.All, from: 2);
        Assert.Null(probe.ReadStep() ?? probe.ReadStep());
        _store.Put("a", "1");
        _store.Put("a", "2");
        _store.Put("a", "3");
        _store.Compact(4);
        Assert.Equal([2, 3, 4], probe.ReadAll().Select(change => change.Revision.Value));
    }

    [Fact]
    public void A_quiet_watch_outlives_compactions_even_if_it_then_falls_behind()
    {
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferEvents = 1 });
        using WatchProbe probe = new(store.Machine, KeyRange.Prefix("a"), from: 2);
        Assert.Empty(probe.ReadAll());
        for (int i = 0; i < 10; i++)
            store.Put("b", "");
        store.Compact(11);
        store.Put("a1", "");
        store.Put("a2", "");
        Assert.False(probe.Watcher.IsLive);
        Assert.Equal(["a1", "a2"], probe.ReadAll().Select(change => change.KeyValue.KeyString));
    }

    [Fact]
    public void A_quiet_watch_outlives_compactions_even_if_the_next_event_is_too_large_for_its_buffer()
    {
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferBytes = 200 });
        using WatchProbe probe = new(store.Machine, KeyRange.Single("a"), from: 2);
        Assert.Empty(probe.ReadAll());
        for (int i = 0; i < 10; i++)
            store.Put("b", "");
        store.Compact(11);
        store.Put("a", new string('x', 500));
        Assert.False(probe.Watcher.IsLive);
        Assert.Equal([12], probe.ReadAll().Select(change => change.Revision.Value));
    }

    [Fact]
    public void A_watch_on_a_member_that_is_sent_a_snapshot_sees_what_the_snapshot_skipped()
    {
        TestStore leader = new();
        TestStore follower = new();
        using WatchProbe probe = new(follower.Machine, KeyRange.All, from: 2);
        Assert.Empty(probe.ReadAll());
        leader.Put("a", "1");
        follower.Put("a", "1");
        leader.Put("a", "2");
        leader.Delete(KeyRange.All);
        follower.Restore(leader.Snapshot());
        Assert.Equal([2, 3, 4], probe.ReadAll().Select(change => change.Revision.Value));
        follower.Put("b", "");
        Assert.Equal([5], probe.ReadAll().Select(change => change.Revision.Value));
    }

    [Fact]
    public void A_watch_on_a_member_that_is_sent_a_snapshot_says_so_if_it_skipped_what_is_compacted()
    {
        TestStore leader = new();
        using WatchProbe probe = new(_store.Machine, KeyRange.All, from: 2);
        Assert.Empty(probe.ReadAll());
        leader.Put("a", "1");
        leader.Put("a", "2");
        leader.Compact(3);
        _store.Restore(leader.Snapshot());
        Assert.Throws<CompactedException>(() => probe.ReadStep());
    }

    [Fact]
    public void A_slow_watch_holds_a_bounded_buffer_and_misses_nothing()
    {
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferEvents = 10 });
        using WatchProbe probe = new(store.Machine, KeyRange.All, from: 2);
        Assert.Empty(probe.ReadAll());
        for (int i = 0; i < 5000; i++)
        {
            store.Put($"k{i % 7}", "");
            Assert.InRange(probe.Watcher.BufferedEvents, 0, 10);
        }

        Assert.Equal(Enumerable.Range(2, 5000), probe.ReadAll().Select(change => (int)change.Revision.Value));
        Assert.True(probe.Watcher.IsLive);
    }

    [Fact]
    public void A_slow_watch_of_large_values_is_bounded_in_bytes()
    {
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferBytes = 10_000 });
        using WatchProbe probe = new(store.Machine, KeyRange.All, from: 2);
        Assert.Empty(probe.ReadAll());
        for (int i = 0; i < 20; i++)
        {
            store.Put("a", new string('x', 3000));
            Assert.InRange(probe.Watcher.BufferedEvents, 0, 3);
        }

        Assert.Equal(20, probe.ReadAll().Count);
    }

    [Fact]
    public void A_slow_watch_is_bounded_in_bytes_also_where_it_shares_what_it_holds()
    {
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferBytes = 10_000 });
        using WatchStream stream = store.Store.OpenWatchStream();
        Watcher[] watchers = [.. Enumerable.Range(1, 30).Select(id =>
            stream.AddWatcher(KeyRange.All, null, id, out _))];
        for (int i = 0; i < 200; i++)
        {
            store.Put("a", new string('x', 3000));
            Assert.All(watchers, watcher => Assert.InRange(watcher.BufferedEvents, 0, 3));
        }
    }

    [Fact]
    public void A_revision_with_more_changes_than_a_step_and_a_buffer_comes_in_one_batch()
    {
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferEvents = 10 });
        for (int i = 0; i < 3000; i++)
            store.Put($"k{i:0000}", "");
        using WatchProbe live = new(store.Machine, KeyRange.All, from: 3002);
        using WatchProbe past = new(store.Machine, KeyRange.All, from: 3002);
        Assert.Empty(live.ReadAll());
        store.Delete(KeyRange.All);
        Assert.Equal(3000, live.ReadStep()!.Count);
        Assert.Equal(3000, past.ReadStep()!.Count);
        Assert.Null(live.ReadStep());
    }

    [Property(MaxTest = 60)]
    public void Watches_that_read_at_any_pace_and_resume_see_what_the_twin_lists(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferEvents = random.Next(1, 6) });
        ModelStore model = new();
        List<(KeyRange Range, long From, WatchProbe Probe, List<WatchEvent> Seen)> watches = [];
        for (int i = 0; i < 400; i++)
        {
            Change(random, store, model);
            if (watches.Count < 8 && random.Next(10) == 0)
            {
                KeyRange range = random.Next(2) == 0 ? KeyRange.Prefix($"k{random.Next(3)}") : KeyRange.Single("k11");
                long from = random.NextInt64(1, model.Revision + 4);
                watches.Add((range, from, new(store.Machine, range, from), []));
            }

            foreach ((KeyRange range, long from, WatchProbe probe, List<WatchEvent> seen) in watches)
            {
                if (random.Next(6) == 0)
                    Read(probe, seen);
            }

            if (random.Next(40) == 0)
                store.Restore(store.Snapshot()); // As if this member had been sent a snapshot.
        }

        foreach ((KeyRange range, long from, WatchProbe probe, List<WatchEvent> seen) in watches)
        {
            seen.AddRange(probe.ReadAll());
            Assert.Equal(
                model.Events(range, from).Select(change => change with { Previous = null }), seen);
            probe.Dispose();
        }

        Assert.Equal(0, store.Machine.Status.Watches);
    }

    [Fact]
    public async Task A_watch_begins_when_it_is_asked_for_not_when_it_is_enumerated()
    {
        IAsyncEnumerable<WatchBatch> watch = _store.Store.WatchPrefixAsync("a");
        _store.Put("a", "1");
        await foreach (WatchBatch batch in watch)
        {
            Assert.Equal((2, "1"), (batch.Revision.Value, batch.Events.Single().KeyValue.ValueString));
            break;
        }

        Assert.Equal(0, _store.Machine.Status.Watches);
    }

    [Fact]
    public async Task A_waiting_watch_wakes_and_can_be_resumed_after_its_last_batch()
    {
        await using IAsyncEnumerator<WatchBatch> watch = _store.Store.WatchPrefixAsync("a").GetAsyncEnumerator();
        ValueTask<bool> next = watch.MoveNextAsync();
        Assert.False(next.IsCompleted);
        _store.Put("a", "1");
        Assert.True(await next);
        Revision seen = watch.Current.Revision;
        _store.Put("a", "2");

        WatchOptions resume = new() { StartRevision = seen.Next };
        await using IAsyncEnumerator<WatchBatch> again =
            _store.Store.WatchPrefixAsync("a", resume).GetAsyncEnumerator();
        Assert.True(await again.MoveNextAsync());
        Assert.Equal("2", again.Current.Events.Single().KeyValue.ValueString);
    }

    [Fact]
    public async Task Cancelling_ends_a_waiting_watch()
    {
        using CancellationTokenSource cancellation = new();
        await using IAsyncEnumerator<WatchBatch> watch =
            _store.Store.WatchPrefixAsync("a", null, cancellation.Token).GetAsyncEnumerator();
        ValueTask<bool> next = watch.MoveNextAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        Assert.Equal(0, _store.Machine.Status.Watches);
    }

    [Fact]
    public async Task A_watch_ends_with_the_reason_when_the_member_stops_by_itself()
    {
        await using IAsyncEnumerator<WatchBatch> watch = _store.Store.WatchPrefixAsync("a").GetAsyncEnumerator();
        ValueTask<bool> next = watch.MoveNextAsync();
        _store.Log.Stop(new IOException("The disk is gone."));
        Assert.Equal("The disk is gone.", (await Assert.ThrowsAsync<IOException>(() => SoonAsync(next))).Message);
    }

    [Fact]
    public async Task A_watch_ends_when_the_member_is_stopped_and_later_ones_do_not_start()
    {
        await using IAsyncEnumerator<WatchBatch> watch = _store.Store.WatchPrefixAsync("a").GetAsyncEnumerator();
        ValueTask<bool> next = watch.MoveNextAsync();
        _store.Log.Stop();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => SoonAsync(next));
        await using IAsyncEnumerator<WatchBatch> later = _store.Store.WatchPrefixAsync("a").GetAsyncEnumerator();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => SoonAsync(later.MoveNextAsync()));
    }

    /// <summary>A watch that went silent shall fail its test instead of holding everything up.</summary>
    private static Task<bool> SoonAsync(ValueTask<bool> next) => next.AsTask().WaitAsync(TimeSpan.FromMinutes(1));

    private static void Read(WatchProbe probe, List<WatchEvent> seen)
    {
        if (probe.ReadStep() is not { Count: > 0 } step)
            return;

        // A revision is never torn: what comes later is of later revisions.
        if (seen.Count > 0)
            Assert.True(step[0].Revision > seen[^1].Revision);
        seen.AddRange(step);
    }

    private static void Change(Random random, TestStore store, ModelStore model)
    {
        string key = $"k{random.Next(40)}";
        if (random.Next(4) > 0)
        {
            store.Put(key, "v");
            model.Put(key, "v");
            return;
        }

        KeyRange range = random.Next(3) == 0 ? KeyRange.Prefix(key[..2]) : KeyRange.Single(key);
        store.Delete(range);
        model.Delete(range);
    }
}
