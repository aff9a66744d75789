using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Google.Protobuf;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests;

/// <summary>The Watch service: many watches on a stream, and every answer as etcd words it.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task A_watch_is_created_and_then_sees_what_happens()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a") });
        WatchResponse created = await watch.ReadAsync();
        Assert.True(created.Created);
        Assert.False(created.Canceled);
        Assert.Equal((0, 1), (created.WatchId, created.Header.Revision));

        await client.PutAsync("b", "0");
        await client.PutAsync("a", "1");
        await client.DeleteAsync(new DeleteRangeRequest { Key = Utf8("a") });
        WatchResponse put = await watch.ReadAsync();
        Assert.Equal(Event.Types.EventType.Put, Assert.Single(put.Events).Type);
        Assert.Equal(("a", "1", 3), Describe(put.Events[0].Kv));
        WatchResponse deleted = await watch.ReadAsync();
        Assert.Equal(Event.Types.EventType.Delete, Assert.Single(deleted.Events).Type);
        Assert.Equal(("a", "", 4), Describe(deleted.Events[0].Kv));
        Assert.Equal((0, 0), (deleted.Events[0].Kv.CreateRevision, deleted.Events[0].Kv.Version));
    }

    [Fact]
    public async Task History_comes_first_with_the_versions_before_if_they_are_wanted()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        await client.PutAsync("a", "2");
        using WatchCall watch = new(client);
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a"), StartRevision = 2, PrevKv = true });
        Assert.True((await watch.ReadAsync()).Created);
        List<Event> events = [];
        while (events.Count < 2)
            events.AddRange((await watch.ReadAsync()).Events);
        Assert.Null(events[0].PrevKv);
        Assert.Equal(("a", "1", 2), Describe(events[1].PrevKv));
    }

    [Fact]
    public async Task Ids_are_counted_from_zero_or_chosen_and_one_in_use_is_refused()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        long[] expected = [0, 1, 7, 2];
        foreach (long wanted in (long[])[0, 0, 7, 0])
            await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a"), WatchId = wanted });
        foreach (long id in expected)
            Assert.Equal(id, (await watch.ReadAsync()).WatchId);

        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a"), WatchId = 7 });
        await AssertRefusedAsync(watch, "mvcc: duplicate watch ID provided on the WatchStream");
    }

    [Fact]
    public async Task A_range_without_keys_cannot_be_watched_nor_a_revision_below_zero()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("b"), RangeEnd = Utf8("a") });
        await AssertRefusedAsync(watch, "mvcc: watcher range is empty");
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a"), StartRevision = -1 });
        await AssertRefusedAsync(watch, "etcdserver: mvcc: required revision has been compacted");
    }

    [Fact]
    public async Task A_watch_from_what_is_compacted_is_created_and_then_ends_with_where_it_could_begin()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        await client.PutAsync("a", "1");
        await client.PutAsync("a", "2");
        await client.CallAsync<CompactionRequest, CompactionResponse>(
            "etcdserverpb.KV/Compact", new CompactionRequest { Revision = 3 });
        using WatchCall watch = new(client);
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a"), StartRevision = 2 });
        WatchResponse created = await watch.ReadAsync();
        Assert.True(created.Created);
        Assert.False(created.Canceled);
        WatchResponse ended = await watch.ReadAsync();
        Assert.True(ended.Canceled);
        Assert.Equal((0, 3, 0, ""), (ended.WatchId, ended.CompactRevision, ended.Header.Revision, ended.CancelReason));
    }

    [Fact]
    public async Task A_cancelled_watch_says_so_once_and_the_others_go_on()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a") });
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a") });
        await watch.ReadAsync();
        await watch.ReadAsync();
        await watch.CancelAsync(99);
        await watch.CancelAsync(0);
        WatchResponse cancelled = await watch.ReadAsync();
        Assert.True(cancelled.Canceled);
        Assert.Equal(0, cancelled.WatchId);

        await client.PutAsync("a", "1");
        Assert.Equal(1, (await watch.ReadAsync()).WatchId);
        await client.PutAsync("a", "2");
        Assert.Equal(1, (await watch.ReadAsync()).WatchId);
    }

    [Fact]
    public async Task Filters_leave_out_and_an_empty_key_is_the_first_one()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        await watch.CreateAsync(new WatchCreateRequest
        {
            RangeEnd = ByteString.CopyFrom(0),
            Filters = { WatchCreateRequest.Types.FilterType.Noput },
        });
        await watch.ReadAsync();
        await client.PutAsync("a", "1");
        await client.DeleteAsync(new DeleteRangeRequest { Key = Utf8("a") });
        Assert.Equal(Event.Types.EventType.Delete, Assert.Single((await watch.ReadAsync()).Events).Type);
    }

    [Fact]
    public async Task A_request_for_progress_is_answered_for_all_watches_of_the_stream()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a") });
        await watch.ReadAsync();
        await client.PutAsync("b", "1");
        await watch.Call.RequestStream.WriteAsync(new WatchRequest { ProgressRequest = new() });
        WatchResponse progress = await watch.ReadAsync();
        Assert.Empty(progress.Events);
        Assert.Equal((-1, 2), (progress.WatchId, progress.Header.Revision));
    }

    [Fact]
    public async Task A_large_revision_comes_in_fragments_if_they_are_wanted_and_whole_if_not()
    {
        await using ApiServer server = await ApiServer.StartAsync(api: options => options.MaxRequestBytes = 100_000);
        using EtcdClient client = new(server);
        TxnRequest txn = new();
        for (int i = 0; i < 9; i++)
            txn.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = Utf8($"a{i}") } });
        for (int i = 0; i < 9; i++)
            await client.PutAsync($"a{i}", new string('x', 50_000));
        using WatchCall watch = new(client);
        await watch.CreateAsync(new WatchCreateRequest
        {
            Key = Utf8("a"),
            RangeEnd = Utf8("b"),
            PrevKv = true,
            Fragment = true,
        });
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a"), RangeEnd = Utf8("b"), PrevKv = true });
        await watch.ReadAsync();
        await watch.ReadAsync();
        await client.TxnAsync(txn);
        List<int> fragments = [];
        List<int> wholes = [];
        while (fragments.Sum() < 9 || wholes.Count < 1)
        {
            WatchResponse response = await watch.ReadAsync();
            (response.WatchId == 0 ? fragments : wholes).Add(response.Events.Count);
            if (response.WatchId == 0)
                Assert.Equal(fragments.Sum() < 9, response.Fragment);
        }

        Assert.Equal([9], wholes);
        Assert.Equal(9, fragments.Count);
    }

    [Fact]
    public async Task A_watch_goes_on_after_the_client_has_said_all_it_wants()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a") });
        await watch.ReadAsync();
        await watch.Call.RequestStream.CompleteAsync();
        await client.PutAsync("a", "1");
        Assert.Single((await watch.ReadAsync()).Events);
    }

    [Fact]
    public async Task A_stream_that_its_client_leaves_closes_its_watches()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        using (WatchCall watch = new(client))
        {
            await watch.CreateAsync(new WatchCreateRequest { Key = Utf8("a") });
            await watch.ReadAsync();
            Assert.Equal(1, server.Store.Status.Watches);
        }

        await Eventually.IsTrueAsync("the watches are gone.", () => server.Store.Status.Watches == 0);
    }

    [Fact]
    public async Task A_thousand_watches_on_one_stream_each_see_their_key()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        for (int i = 0; i < 1000; i++)
            await watch.CreateAsync(new WatchCreateRequest { Key = Utf8($"k{i}") });
        for (int i = 0; i < 1000; i++)
            Assert.Equal(i, (await watch.ReadAsync()).WatchId);

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => client.PutAsync($"k{i}", "v")));
        HashSet<long> seen = [];
        while (seen.Count < 1000)
        {
            WatchResponse response = await watch.ReadAsync();
            Assert.Equal($"k{response.WatchId}", Assert.Single(response.Events).Kv.Key.ToStringUtf8());
            Assert.True(seen.Add(response.WatchId));
        }
    }

    private static async Task AssertRefusedAsync(WatchCall watch, string reason)
    {
        WatchResponse refused = await watch.ReadAsync();
        Assert.True(refused.Created);
        Assert.True(refused.Canceled);
        Assert.Equal((-1, reason), (refused.WatchId, refused.CancelReason));
    }

    private static (string Key, string Value, long Revision) Describe(KeyValue pair) =>
        (pair.Key.ToStringUtf8(), pair.Value.ToStringUtf8(), pair.ModRevision);
}
