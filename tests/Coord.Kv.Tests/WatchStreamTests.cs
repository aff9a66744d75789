using Coord.Kv.Tests.Shrinking;
using Coord.Raft;
using FsCheck;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;

namespace Coord.Kv.Tests;

/// <summary>
/// Watches that share a stream are as ordered, unique, complete and atomic as if each had its own, and what the stream
/// says of progress is true.
/// </summary>
public sealed class WatchStreamTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly TestStore _store;
    private readonly WatchStream _stream;

    public WatchStreamTests()
    {
        _store = new(clock: _clock);
        _stream = _store.Store.OpenWatchStream();
    }

    public void Dispose() => _stream.Dispose();

    [Fact]
    public void Ids_are_chosen_from_zero_on_or_taken_as_wanted()
    {
        Assert.Equal(0, Add("a"));
        Assert.Equal(7, Add("a", id: 7));
        Assert.Equal(1, Add("b"));
        Assert.Throws<ArgumentException>(() => Add("c", id: 7));
        Assert.Throws<ArgumentException>(() => Add("c", id: 1));
        Assert.True(_stream.Remove(0));
        Assert.False(_stream.Remove(0));
        Assert.Equal(0, Add("c"));
        Assert.Equal(3, _store.Machine.Status.Watches);
        Assert.Throws<ArgumentException>(() => _stream.Add(KeyRange.Between("b", "a"), null, 0, out _));
    }

    [Fact]
    public void Each_watch_gets_what_is_its_own_and_shares_what_is_the_same()
    {
        long a = Add("a");
        long again = Add("a");
        long all = _stream.Add(KeyRange.All, null, 0, out Revision current);
        Assert.Equal(1, current.Value);
        _store.Put("a", "1");
        _store.Put("b", "2");
        List<WatchNotice> notices = ReadAll();
        Assert.Equal([1], RevisionsOf(notices, a).Select(revision => revision - 1));
        Assert.Equal([2], RevisionsOf(notices, again));
        Assert.Equal([2, 3], RevisionsOf(notices, all));
        Assert.Single(notices.SelectMany(notice => notice.Events).Where(e => e.Revision.Value == 2).Distinct(
            ReferenceEqualityComparer.Instance));
    }

    [Fact]
    public async Task Many_are_read_at_once_and_share_their_events()
    {
        WatchNotice[] notices = new WatchNotice[3];
        Add("a", new() { ReturnPrevious = true });
        for (int i = 0; i < 4; i++)
            Add("a");
        ValueTask<int> waiting = _stream.ReadManyAsync(notices);
        Assert.False(waiting.IsCompleted);
        _store.Put("a", "1");
        _store.Machine.OnBatchApplied(default);
        Assert.Equal(3, await waiting);
        Assert.Equal([4L, 3, 2], notices.Select(notice => notice.WatchId));
        Assert.All(notices, notice => Assert.Same(notices[0].Events, notice.Events));

        _store.Put("a", "2");
        Assert.Equal(3, await _stream.ReadManyAsync(notices));
        Assert.Equal([1L, 0, 4], notices.Select(notice => notice.WatchId));
        Assert.Equal([2L, 3], notices[1].Events.Select(e => e.Revision.Value));
        Assert.Equal("1", notices[1].Events[1].Previous!.ValueString);
        Assert.Equal([2L, 3], notices[0].Events.Select(e => e.Revision.Value));
        Assert.Equal([3L], notices[2].Events.Select(e => e.Revision.Value));

        await Assert.ThrowsAsync<ArgumentException>(() => _stream.ReadManyAsync(default).AsTask());
        _stream.Dispose();
        Assert.Equal(0, await _stream.ReadManyAsync(notices));
    }

    [Fact]
    public void A_removed_watch_delivers_nothing_more()
    {
        long a = Add("a");
        _store.Put("a", "1");
        _stream.Remove(a);
        Assert.Equal(0, Add("a"));
        Assert.Empty(ReadAll());
        _store.Put("a", "2");
        Assert.Equal([3], RevisionsOf(ReadAll(), 0));
    }

    [Fact]
    public void A_compacted_watch_ends_alone()
    {
        for (int i = 0; i < 5; i++)
            _store.Put("a", "");
        _store.Compact(4);
        long past = Add("a", new() { StartRevision = new(3) });
        long present = Add("a", new() { StartRevision = new(4) });
        List<WatchNotice> notices = ReadAll();
        WatchNotice ended = notices.Single(notice => notice.WatchId == past);
        Assert.Equal((WatchNoticeKind.Compacted, 4), (ended.Kind, ended.Revision.Value));
        Assert.Equal([4, 5, 6], RevisionsOf(notices, present));
        Assert.False(_stream.Remove(past));
    }

    [Fact]
    public void Progress_on_request_comes_after_the_events_and_only_when_no_watch_is_behind()
    {
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferEvents = 2 });
        using WatchStream stream = store.Store.OpenWatchStream();
        stream.Add(KeyRange.All, null, 1, out _);
        stream.RequestProgress();
        Assert.Equal(["-1 Progress r1"], ReadAll(stream).Select(Describe));

        // Far more than waits in a buffer or is read in a step.
        for (int i = 0; i < 3000; i++)
            store.Put("a", "");
        stream.Add(KeyRange.All, new() { StartRevision = new(2) }, 2, out _);
        stream.RequestProgress();
        store.Put("a", "");
        List<WatchNotice> notices = ReadAll(stream);
        int progress = notices.FindIndex(notice => notice.Kind is WatchNoticeKind.Progress);
        Assert.Equal("-1 Progress r3001", Describe(notices[progress]));
        Assert.InRange(RevisionsOf(notices[..progress], 1).Max(), 3001, 3002);
        Assert.InRange(RevisionsOf(notices[..progress], 2).Max(), 3001, 3002);
    }

    [Fact]
    public async Task Progress_by_interval_is_told_by_quiet_watches_that_have_begun()
    {
        long quiet = Add("a", new() { ReportProgress = true });
        Add("a", new());
        long future = Add("a", new() { ReportProgress = true, StartRevision = new(4) });
        long busy = Add("b", new() { ReportProgress = true });
        _store.Put("b", "");
        ReadAll();
        await BeatAfter(TimeSpan.FromMinutes(9.9));
        Assert.Empty(ReadAll());
        await BeatAfter(TimeSpan.FromMinutes(0.1));
        Assert.Equal([$"{quiet} Progress r2"], ReadAll().Select(Describe));
        _store.Put("c", "");
        await BeatAfter(TimeSpan.FromMinutes(10));
        Assert.Equal(
            [$"{quiet} Progress r3", $"{future} Progress r3", $"{busy} Progress r3"], ReadAll().Select(Describe));
    }

    [Fact]
    public async Task A_stream_that_requires_a_leader_ends_when_it_is_lost_for_long()
    {
        using WatchStream other = _store.Store.OpenWatchStream();
        other.Add(KeyRange.All, null, 0, out _);
        Add("a", new() { RequireLeader = true });
        _store.Log.HasLeader = false;
        await BeatAfter(TimeSpan.Zero);
        await BeatAfter(TimeSpan.FromSeconds(2.9));
        Assert.Empty(ReadAll());
        await BeatAfter(TimeSpan.FromSeconds(0.1));
        await Assert.ThrowsAsync<NotLeaderException>(async () => await _stream.ReadAsync());
        Assert.Empty(ReadAll(other));
        using WatchStream late = _store.Store.OpenWatchStream();
        late.Add(KeyRange.All, new() { RequireLeader = true }, 0, out _);
        await Assert.ThrowsAsync<NotLeaderException>(async () => await late.ReadAsync());
    }

    [Fact]
    public async Task Disposing_ends_a_waiting_read_and_cancelling_loses_nothing()
    {
        Add("a");
        using CancellationTokenSource cancellation = new();
        ValueTask<WatchNotice?> cancelled = _stream.ReadAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await cancelled);
        _store.Put("a", "");
        Assert.Equal(2, (await _stream.ReadAsync())!.Revision.Value);
        ValueTask<WatchNotice?> waiting = _stream.ReadAsync();
        Assert.False(waiting.IsCompleted);
        _stream.Dispose();
        Assert.Null(await waiting.AsTask().WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(0, _store.Machine.Status.Watches);
        Assert.Throws<ObjectDisposedException>(() => Add("a"));
    }

    [Fact]
    public void A_stream_that_nobody_reads_holds_a_bounded_buffer()
    {
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferBytes = 4096 });
        using WatchStream stream = store.Store.OpenWatchStream();
        for (int i = 0; i < 1000; i++)
            stream.Add(KeyRange.Prefix($"k{i % 50:00}"), null, i + 1, out _);
        long most = 0;
        for (int i = 0; i < 5000; i++)
        {
            store.Put($"k{i % 50:00}", new string('x', 100));
            most = Math.Max(most, stream.BufferedBytes);
        }

        Assert.InRange(most, 8 * 4096, 17 * 4096);
        List<WatchNotice> notices = ReadAll(stream);
        for (int id = 1; id <= 1000; id++)
            Assert.Equal(100, RevisionsOf(notices, id).Count());
        Assert.Equal(0, stream.BufferedBytes);
    }

    /// <summary>Else a client could fill the buffer of each watch, by removing whichever had an event first.</summary>
    [Fact]
    public void What_watches_share_counts_until_the_last_of_them_lets_go()
    {
        const int Watches = 100;
        TestStore store = new(new() { RetainedRevisions = 0, MaxWatchBufferBytes = 4096 });
        using WatchStream stream = store.Store.OpenWatchStream();
        for (int i = 1; i <= Watches; i++)
        {
            KeyRange key = KeyRange.Single($"k{i}");
            stream.Add(key, null, i, out _);
            stream.Add(key, null, 2 * Watches, out _);
            stream.Add(key, null, 3 * Watches, out _);
            store.Put($"k{i}", new string('x', 3000));
            stream.Remove(2 * Watches);
            stream.Remove(3 * Watches);
            Assert.InRange(stream.BufferedBytes, Math.Min(i, 10) * 3000, 17 * 4096);
        }

        List<WatchNotice> notices = ReadAll(stream);
        for (int id = 1; id <= Watches; id++)
            Assert.Equal([id + 1], RevisionsOf(notices, id));
        Assert.Equal(0, stream.BufferedBytes);
    }

    /// <summary>The guarantees of etcd's watches, on one stream of many, whatever the reader's pace.</summary>
    [Property(MaxTest = 60)]
    public Property Watches_of_a_stream_see_what_the_twin_lists() =>
        Script.Holds(maxSteps: 500, maxChoices: 40, script => new StreamRun(script).Run());

    [Theory]
    [InlineData("3,200,0,0,7,0,0;0,5,29;")]
    public void Replay(string script) => new StreamRun(Script.Parse(script)).Run();

    /// <summary>It takes a watch of everything, and one write that changes several keys.</summary>
    [Fact]
    public void A_torn_revision_is_found_in_a_few_steps()
    {
        Script smallest = Script.Smallest(
            maxSteps: 500, maxChoices: 40, script => new StreamRun(script, ModelError.TearsRevisions).Run());
        Assert.InRange(smallest.Steps.Length, 1, 3);
    }

    private static string Describe(WatchNotice notice) => $"{notice.WatchId} {notice.Kind} {notice.Revision}";

    private static IEnumerable<long> RevisionsOf(IEnumerable<WatchNotice> notices, long id) =>
        notices.Where(notice => notice.WatchId == id).SelectMany(notice => notice.Events).Select(e => e.Revision.Value);

    private static List<WatchNotice> ReadAll(WatchStream stream)
    {
        List<WatchNotice> notices = [];
        while (true)
        {
            stream.Step(out WatchNotice? notice, out Task? wait);
            if (wait is not null)
                return notices;
            if (notice is not null)
                notices.Add(notice);
        }
    }

    private List<WatchNotice> ReadAll() => ReadAll(_stream);

    private long Add(string key, WatchOptions? options = null, long id = 0) =>
        _stream.Add(KeyRange.Single(key), options, id, out _);

    private async Task BeatAfter(TimeSpan time)
    {
        _clock.Advance(time);
        await _store.Store.Housekeeper.StepAsync(CancellationToken.None);
    }
}
