using Coord.Contract.Tests.Harness;
using Coord.Kv;

namespace Coord.Contract.Tests.Contract;

public abstract partial class StoreContract
{
    private WatchReader Watch(WatchOptions? options = null) => new(Store, Home, options);

    [ContractFact]
    public async Task A_watch_sees_what_happens_after_the_call()
    {
        await PutAsync("a", "old");
        await using WatchReader watch = Watch();
        Revision put = await PutAsync("a", "new");
        Revision deleted = (await Store.DeleteAsync(One("a"))).Revision;

        List<WatchEvent> events = await watch.TakeAsync(2);
        Assert.Equal((WatchEventKind.Put, put), (events[0].Kind, events[0].Revision));
        Assert.Equal("new", events[0].KeyValue.ValueString);
        Assert.Equal(2, events[0].KeyValue.Version);
        Assert.Null(events[0].Previous);
        Assert.Equal((WatchEventKind.Delete, deleted), (events[1].Kind, events[1].Revision));
        Assert.Equal(Key("a"), events[1].KeyValue.Key.ToArray());
        Assert.True(events[1].KeyValue.Value.IsEmpty);
        Assert.Equal((default, 0L), (events[1].KeyValue.CreateRevision, events[1].KeyValue.Version));
    }

    [ContractFact]
    public async Task Now_is_the_call_and_not_the_first_read()
    {
        IAsyncEnumerable<WatchBatch> watch = Store.WatchAsync(Home);
        await PutAsync("a", "1");
        await PutAsync("a", "2");
        List<string> values = [];
        await foreach (WatchBatch batch in watch)
        {
            values.AddRange(batch.Events.Select(e => e.KeyValue.ValueString));
            if (values.Count >= 2)
                break;
        }

        Assert.Equal(["1", "2"], values);
    }

    [ContractFact]
    public async Task A_watch_from_the_past_replays_and_goes_on()
    {
        Revision first = await PutAsync("a", "1");
        await PutAsync("b", "2");
        await Store.DeleteAsync(One("a"));
        await using WatchReader watch = Watch(new() { StartRevision = first.Next });
        List<WatchEvent> history = await watch.TakeAsync(2);
        Assert.Equal(["b", "a"], Names(history.Select(e => e.KeyValue)));
        Assert.Equal([WatchEventKind.Put, WatchEventKind.Delete], history.Select(e => e.Kind));
        Revision live = await PutAsync("c");
        Assert.Equal(live, (await watch.NextAsync()).Revision);
    }

    [ContractFact]
    public async Task A_watch_from_the_future_waits_for_it()
    {
        Revision current = await PutAsync("a", "1");
        await using WatchReader watch = Watch(new() { StartRevision = new(current.Value + 2) });
        await PutAsync("a", "2");
        await PutAsync("a", "3");
        WatchEvent change = Assert.Single((await watch.NextAsync()).Events);
        Assert.Equal("3", change.KeyValue.ValueString);
    }

    [ContractFact]
    public async Task All_changes_of_a_revision_come_in_one_batch()
    {
        await using WatchReader watch = Watch();
        TransactionResult result = await Store.CommitAsync(Transaction.Of(Put("c"), Put("a"), Put("b")));
        WatchBatch batch = await watch.NextAsync();
        Assert.Equal(["c", "a", "b"], Names(batch.Events.Select(e => e.KeyValue)));
        Assert.Equal(result.Revision, batch.Revision);

        DeleteResult deleted = await Store.DeleteAsync(Home);
        batch = await watch.NextAsync();
        Assert.Equal(["a", "b", "c"], Names(batch.Events.Select(e => e.KeyValue)));
        Assert.Equal(deleted.Revision, batch.Revision);
    }

    [ContractFact]
    public async Task A_revision_larger_than_a_message_comes_whole()
    {
        // Together well beyond what a server sends in one piece.
        byte[] value = new byte[200_000];
        await using WatchReader watch = Watch();
        for (int i = 0; i < 20; i++)
            await Store.PutAsync(Key($"{i:d2}"), value);
        Assert.Equal(20, (await watch.TakeAsync(20)).Count);

        await using WatchReader deletions = Watch(new() { SkipPuts = true, ReturnPrevious = true });
        await Store.DeleteAsync(Home);
        WatchBatch batch = await deletions.NextAsync();
        Assert.Equal(20, batch.Events.Count);
        Assert.All(batch.Events, e => Assert.Equal(value.Length, e.Previous!.Value.Length));
    }

    [ContractFact]
    public async Task Only_the_keys_of_the_range_are_seen()
    {
        await using WatchReader one = new(Store, One("b"));
        await using WatchReader interval = new(Store, new(Key("b"), Key("d")));
        await using WatchReader from = new(Store, KeyRange.From(Key("c")));
        foreach (string name in (string[])["a", "b", "c", "d"])
            await PutAsync(name);
        Assert.Equal(["b"], Names((await one.TakeAsync(1)).Select(e => e.KeyValue)));
        Assert.Equal(["b", "c"], Names((await interval.TakeAsync(2)).Select(e => e.KeyValue)));
        Assert.Equal(["c", "d"], Names((await from.TakeAsync(2)).Select(e => e.KeyValue)));
    }

    [ContractFact]
    public async Task Puts_and_deletions_can_be_left_out_and_the_version_before_asked_for()
    {
        await using WatchReader puts = Watch(new() { SkipDeletes = true, ReturnPrevious = true });
        await using WatchReader deletions = Watch(new() { SkipPuts = true, ReturnPrevious = true });
        await PutAsync("a", "1");
        await PutAsync("a", "2");
        KeyValue last = (await FindAsync("a"))!;
        await Store.DeleteAsync(One("a"));
        await PutAsync("a", "3");

        List<WatchEvent> seen = await puts.TakeAsync(3);
        Assert.Equal(["1", "2", "3"], seen.Select(e => e.KeyValue.ValueString));
        Assert.Equal([null, "1", null], seen.Select(e => e.Previous?.ValueString));
        WatchEvent deleted = Assert.Single(await deletions.TakeAsync(1));
        Assert.Equal(last, deleted.Previous);
    }

    [ContractFact]
    public async Task A_watch_that_starts_too_early_says_what_is_left()
    {
        Revision first = await PutAsync("a", "1");
        await PutAsync("a", "2");
        Revision third = await PutAsync("a", "3");
        await Store.CompactAsync(third);
        await using WatchReader watch = Watch(new() { StartRevision = first });
        CompactedException exception = await Assert.ThrowsAsync<CompactedException>(watch.NextAsync);
        Assert.Equal(third, exception.OldestRevision);
        await using WatchReader later = Watch(new() { StartRevision = third });
        Assert.Equal(third, (await later.NextAsync()).Revision);
    }

    [ContractFact]
    public async Task A_deletion_at_the_compacted_revision_is_still_seen()
    {
        await PutAsync("a", "1");
        Revision deleted = (await Store.DeleteAsync(One("a"))).Revision;
        await Store.CompactAsync(deleted, new() { WaitForRemoval = true });
        if (LosesDeletionsAtTheCompactedRevision)
            return;

        await using WatchReader watch = Watch(new() { StartRevision = deleted });
        WatchEvent change = Assert.Single((await watch.NextAsync()).Events);
        Assert.Equal((WatchEventKind.Delete, deleted), (change.Kind, change.Revision));
    }

    [ContractFact]
    public async Task A_reader_that_is_slow_misses_nothing()
    {
        const int Writes = 6_000;
        await using WatchReader slow = Watch();
        Revision last = default;
        foreach (int[] some in Enumerable.Range(0, Writes).Chunk(100))
        {
            last = (await Store.CommitAsync(Transaction.Of([.. some.Select(i => Put($"{i:d4}"))]))).Revision;
        }

        await using WatchReader other = Watch();
        Revision after = await PutAsync("last");
        Assert.Equal(after, (await other.NextAsync()).Revision);

        List<WatchEvent> events = await slow.TakeAsync(Writes + 1);
        Assert.Equal(
            Enumerable.Range(0, Writes).Select(i => $"{i:d4}").Append("last"), Names(events.Select(e => e.KeyValue)));
    }

    [ContractFact]
    public async Task A_watch_needs_a_range_with_room_for_a_key()
    {
        Assert.ThrowsAny<ArgumentException>(() => Store.WatchAsync(default));
        Assert.ThrowsAny<ArgumentException>(() => Store.WatchAsync(new(Key("b"), Key("a"))));
        Assert.ThrowsAny<ArgumentException>(() => Store.WatchAsync(Home, new() { StartRevision = new(-1) }));
        await Task.CompletedTask;
    }

    [ContractFact]
    public async Task A_cancelled_watch_ends_as_cancelled()
    {
        using CancellationTokenSource cancel = new();
        Task watching = Task.Run(async () =>
        {
            await foreach (WatchBatch batch in Store.WatchAsync(Home, null, cancel.Token))
                Assert.Fail($"{batch} was not expected.");
        });
        await Store.PutAsync(Bytes("elsewhere"), Bytes("v"));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }
}
