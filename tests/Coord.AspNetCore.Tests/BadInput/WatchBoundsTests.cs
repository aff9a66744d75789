using Coord.AspNetCore.Tests.Harness;
using Coord.Protocol.Etcd;
using Grpc.Core;
using static Coord.AspNetCore.Tests.Harness.EtcdClient;

namespace Coord.AspNetCore.Tests.BadInput;

/// <summary>No client can have watches or streams without end, and who is refused is told so.</summary>
public sealed class WatchBoundsTests
{
    private const string TooMany = "etcdserver: too many requests";

    [Fact]
    public async Task A_watch_beyond_the_bound_of_its_stream_is_refused_and_the_others_go_on()
    {
        await using ApiServer server = await ApiServer.StartAsync(api => api.MaxWatchesPerStream = 2);
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        await AddAsync(watch, "a");
        WatchResponse second = await AddAsync(watch, "b");
        await RefusedAsync(watch, "c", TooMany);

        using WatchCall other = new(client);
        await AddAsync(other, "c");
        await client.PutAsync("a", "1");
        Assert.Equal("a", (await watch.ReadAsync()).Events.Single().Kv.Key.ToStringUtf8());

        // One that has ended makes room.
        await watch.CancelAsync(second.WatchId);
        Assert.True((await watch.ReadAsync()).Canceled);
        await AddAsync(watch, "c");
    }

    [Fact]
    public async Task A_watch_beyond_the_bound_of_the_member_is_refused_until_a_stream_ends()
    {
        await using ApiServer server = await ApiServer.StartAsync(api => api.MaxWatches = 2);
        using EtcdClient client = new(server);
        using WatchCall kept = new(client);
        using (WatchCall left = new(client))
        {
            await AddAsync(left, "a");
            await AddAsync(left, "b");
            await RefusedAsync(kept, "c", TooMany);
        }

        await Eventually.IsTrueAsync("the watches are gone.", () => server.Store.Status.Watches == 0);
        WatchResponse answer;
        do
        {
            await kept.CreateAsync(new WatchCreateRequest { Key = Utf8("c") });
            answer = await kept.ReadAsync();
        }
        while (answer.Canceled);
    }

    [Fact]
    public async Task A_stream_beyond_the_bound_ends_at_once()
    {
        await using ApiServer server = await ApiServer.StartAsync(api => api.MaxWatchStreams = 1);
        using EtcdClient client = new(server);
        using WatchCall first = new(client);
        await AddAsync(first, "a");
        using WatchCall second = new(client);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => second.ReadAsync());
        Assert.Equal((StatusCode.ResourceExhausted, TooMany), (refused.StatusCode, refused.Status.Detail));
        await client.PutAsync("a", "1");
        Assert.Single((await first.ReadAsync()).Events);
    }

    [Fact]
    public async Task A_long_key_counts_as_many_watches()
    {
        await using ApiServer server = await ApiServer.StartAsync(api => api.MaxWatchesPerStream = 10);
        using EtcdClient client = new(server);
        using WatchCall watch = new(client);
        WatchResponse large = await AddAsync(watch, new string('k', 8 * 1024));
        await AddAsync(watch, "small");
        await RefusedAsync(watch, "one more", TooMany);
        await watch.CancelAsync(large.WatchId);
        Assert.True((await watch.ReadAsync()).Canceled);
        await AddAsync(watch, "one more");
    }

    private static async Task<WatchResponse> AddAsync(WatchCall watch, string key)
    {
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8(key) });
        WatchResponse answer = await watch.ReadAsync();
        Assert.Equal((true, false), (answer.Created, answer.Canceled));
        return answer;
    }

    private static async Task RefusedAsync(WatchCall watch, string key, string reason)
    {
        await watch.CreateAsync(new WatchCreateRequest { Key = Utf8(key) });
        WatchResponse answer = await watch.ReadAsync();
        Assert.Equal(
            (true, true, -1, reason), (answer.Created, answer.Canceled, answer.WatchId, answer.CancelReason));
    }
}
