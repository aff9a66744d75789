using Coord.Kv;

namespace Coord.Contract.Tests.Harness;

/// <summary>Reads a watch with patience, and checks what every batch promises.</summary>
internal sealed class WatchReader : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly CancellationTokenSource _giveUp = new(Patience);
    private readonly IAsyncEnumerator<WatchBatch> _batches;
    private Revision _last;

    public WatchReader(IKeyValueStore store, KeyRange range, WatchOptions? options = null) =>
        _batches = store.WatchAsync(range, options, _giveUp.Token).GetAsyncEnumerator(_giveUp.Token);

    public async Task<WatchBatch> NextAsync()
    {
        Assert.True(await _batches.MoveNextAsync(), "A watch does not end.");
        WatchBatch batch = _batches.Current;
        Assert.NotEmpty(batch.Events);
        Assert.Equal(batch.Revision, batch.Events[^1].Revision);
        Assert.True(batch.Events[0].Revision > _last, "A revision is never torn, and never comes twice.");
        Assert.Equal(batch.Events.Select(e => e.Revision), batch.Events.Select(e => e.Revision).Order());
        _last = batch.Revision;
        return batch;
    }

    /// <summary>Reads on until there are so many events, and no more.</summary>
    public async Task<List<WatchEvent>> TakeAsync(int count)
    {
        List<WatchEvent> events = [];
        while (events.Count < count)
            events.AddRange((await NextAsync()).Events);
        Assert.Equal(count, events.Count);
        return events;
    }

    public async ValueTask DisposeAsync()
    {
        await _batches.DisposeAsync();
        _giveUp.Dispose();
    }
}
