using Coord.Client.Connections;
using Coord.Client.Streams;
using Coord.Kv;

namespace Coord.Client.Tests;

/// <summary>What calls wait for while no server answers: the "now" of the watches before them.</summary>
public sealed class WatchHubTests : IAsyncLifetime
{
    private readonly EndpointPool _pool;
    private readonly WatchHub _hub;

    public WatchHubTests()
    {
        CoordClientOptions options = new() { Endpoints = { "http://127.0.0.1:1" } };
        _pool = new(options, TimeProvider.System);
        _hub = new(_pool, options, TimeProvider.System, _ => { });
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _hub.DisposeAsync();
        _pool.Dispose();
    }

    [Fact]
    public void A_watch_with_a_start_keeps_nobody_waiting()
    {
        _hub.Add(new(KeyRange.All, new() { StartRevision = new(5) }, 0));
        Assert.Null(_hub.Pinned);
    }

    [Fact]
    public async Task A_watch_from_now_on_can_begin_after_what_the_client_has_seen()
    {
        Subscription subscription = new(KeyRange.All, new(), 7);
        _hub.Add(subscription);
        Task pinned = _hub.Pinned!;
        Assert.False(pinned.IsCompleted);
        _hub.PinToLastSeen();
        await pinned;
        Assert.Null(_hub.Pinned);
        Assert.Equal((8, 8), (subscription.Start, subscription.Next));
    }

    [Fact]
    public async Task A_client_that_has_seen_nothing_waits_until_the_watch_begins_or_goes()
    {
        Subscription subscription = new(KeyRange.All, new(), 0);
        _hub.Add(subscription);
        _hub.PinToLastSeen();
        Task pinned = _hub.Pinned!;
        Assert.False(pinned.IsCompleted);
        _hub.Remove(subscription);
        await pinned;
    }

    [Fact]
    public async Task A_disposed_hub_ends_watches_and_takes_none()
    {
        Subscription subscription = new(KeyRange.All, new(), 0);
        _hub.Add(subscription);
        Task<WatchBatch> reading = _hub.ReadAsync(subscription, CancellationToken.None).AsTask();
        await _hub.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        Assert.Throws<ObjectDisposedException>(() => _hub.Add(new(KeyRange.All, new(), 0)));
    }
}
