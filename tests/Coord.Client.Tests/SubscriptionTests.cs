using System.Text;
using Coord.Client.Streams;
using Coord.Kv;

namespace Coord.Client.Tests;

/// <summary>A watch delivers whole revisions, each once, whatever the stream brings.</summary>
public sealed class SubscriptionTests
{
    private const long NoBound = long.MaxValue;

    private static WatchEvent Event(long revision, string key = "k", int bytes = 1) => new(
        WatchEventKind.Put,
        new(Encoding.UTF8.GetBytes(key), new byte[bytes], new(revision), new(revision), 1),
        null);

    private static Subscription From(long start, long floor = 0, bool progress = false) =>
        new(KeyRange.All, new() { StartRevision = new(start), ReportProgress = progress }, floor);

    private static List<long[]> Take(Subscription subscription)
    {
        List<long[]> batches = [];
        while (subscription.TryTake(out WatchBatch? batch))
            batches.Add([.. batch!.Events.Select(change => change.Revision.Value)]);
        return batches;
    }

    [Fact]
    public void What_was_seen_before_is_left_out()
    {
        Subscription subscription = From(5);
        Assert.True(subscription.TryAdd([Event(4), Event(5), Event(6)], false, NoBound));
        Assert.Equal(7, subscription.Next);
        Assert.True(subscription.TryAdd([Event(5), Event(6), Event(7)], false, NoBound));
        Assert.Equal([[5, 6], [7]], Take(subscription));
    }

    [Fact]
    public void What_the_client_had_seen_when_it_began_is_no_news()
    {
        Subscription subscription = From(0, floor: 9);
        Assert.True(subscription.TryAdd([Event(8), Event(9), Event(10)], false, NoBound));
        Assert.Equal([[10]], Take(subscription));
    }

    [Fact]
    public void A_revision_in_fragments_comes_whole_and_those_before_it_need_not_wait()
    {
        Subscription subscription = From(1);
        Assert.True(subscription.TryAdd([Event(1), Event(2), Event(2)], true, NoBound));
        Assert.Equal([[1]], Take(subscription));
        Assert.True(subscription.TryAdd([Event(2)], true, NoBound));
        Assert.Empty(Take(subscription));
        Assert.True(subscription.TryAdd([Event(2), Event(3)], false, NoBound));
        Assert.Equal([[2, 2, 2, 2, 3]], Take(subscription));
    }

    [Fact]
    public void A_torn_revision_is_forgotten_with_its_stream_and_comes_again_whole()
    {
        Subscription subscription = From(1);
        Assert.True(subscription.TryAdd([Event(1), Event(2)], true, NoBound));
        subscription.Tear();
        Assert.Equal(2, subscription.Next);
        Assert.True(subscription.TryAdd([Event(2), Event(2)], false, NoBound));
        Assert.Equal([[1], [2, 2]], Take(subscription));
    }

    [Fact]
    public void A_revision_beyond_the_bound_is_refused()
    {
        Subscription subscription = From(1);
        Assert.True(subscription.TryAdd([Event(1, bytes: 600)], true, 1000));
        Assert.False(subscription.TryAdd([Event(1, bytes: 600)], true, 1000));
        Assert.True(From(1).TryAdd([Event(1, bytes: 600), Event(2, bytes: 600)], true, 1000));
    }

    [Fact]
    public void Progress_moves_on_but_never_into_a_torn_revision_or_back()
    {
        Subscription subscription = From(5, progress: true);
        subscription.AddProgress(4);
        Assert.Equal(5, subscription.Next);
        subscription.AddProgress(7);
        Assert.Equal(8, subscription.Next);
        Assert.True(subscription.TryAdd([Event(8)], true, NoBound));
        subscription.AddProgress(9);
        Assert.Equal(8, subscription.Next);
        Assert.True(subscription.TryTake(out WatchBatch? batch));
        Assert.Equal((7, 0), (batch!.Revision.Value, batch.Events.Count));
        Assert.False(subscription.TryTake(out _));
    }

    [Fact]
    public void There_is_room_again_when_the_reader_has_taken_what_waits()
    {
        CoordClientOptions bounds = new() { MaxWatchBufferEvents = 3 };
        Subscription subscription = From(1);
        Assert.True(subscription.TryAdd([Event(1), Event(2)], false, NoBound));
        Assert.True(subscription.HasRoom(bounds));
        Assert.True(subscription.TryAdd([Event(3)], false, NoBound));
        Assert.False(subscription.HasRoom(bounds));
        Assert.Equal(2, Take(subscription).Count);
        Assert.True(subscription.HasRoom(bounds));
    }
}
