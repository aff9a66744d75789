using System.Text;
using Coord.Kv.Coordination;

namespace Coord.Kv.Tests.Coordination;

/// <summary>Each item once, in order, however many take part.</summary>
public sealed class DistributedQueueTests
{
    public static TheoryData<StoreKind> Kinds => RecipeStore.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Items_of_several_producers_come_in_the_order_of_their_revisions(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        DistributedQueue one = Queue(recipe);
        DistributedQueue two = Queue(recipe);
        Assert.Null(await one.TryDequeueAsync());
        List<Revision> revisions = [];
        for (int i = 0; i < 40; i++)
            revisions.Add(await (i % 3 == 0 ? one : two).EnqueueAsync($"{i}"));
        Assert.Equal(40, await two.CountAsync());
        for (int i = 0; i < 40; i++)
        {
            QueueItem item = await Soon.Done((i % 2 == 0 ? one : two).DequeueAsync());
            Assert.Equal(($"{i}", revisions[i]), (Encoding.UTF8.GetString(item.Value.Span), item.EnqueuedAt));
        }

        Assert.Null(await one.TryDequeueAsync());
        Assert.Equal(0, await one.CountAsync());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_consumer_that_waits_gets_the_next_item(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        using CancellationTokenSource leave = new();
        Task<QueueItem> left = Queue(recipe).DequeueAsync(leave.Token).AsTask();
        Task<QueueItem> waits = Queue(recipe).DequeueAsync().AsTask();
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon.Done(left));
        Assert.False(waits.IsCompleted);
        await Queue(recipe).EnqueueAsync("x");
        await Soon.Done(waits);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Each_item_is_taken_once_by_consumers_that_compete(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        const int Items = 150;
        using CancellationTokenSource done = new();
        List<string>[] taken = [[], [], [], []];
        Task[] consumers = [.. taken.Select(own => Task.Run(async () =>
        {
            DistributedQueue queue = Queue(recipe);
            try
            {
                while (true)
                {
                    QueueItem item = await queue.DequeueAsync(done.Token);
                    lock (taken)
                        own.Add(Encoding.UTF8.GetString(item.Value.Span));
                }
            }
            catch (OperationCanceledException)
            {
            }
        }))];
        Task[] producers = [.. Enumerable.Range(0, 3).Select(producer => Task.Run(async () =>
        {
            DistributedQueue queue = Queue(recipe);
            for (int i = 0; i < Items / 3; i++)
                await queue.EnqueueAsync($"{producer} {i}");
        }))];
        await Soon.Done(Task.WhenAll(producers));
        await Soon.Is(() =>
        {
            lock (taken)
                return taken.Sum(own => own.Count) >= Items;
        });
        await done.CancelAsync();
        await Soon.Done(Task.WhenAll(consumers));
        Assert.Equal(Items, taken.SelectMany(own => own).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Items, taken.Sum(own => own.Count));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_smallest_priority_comes_first_and_equals_in_order(StoreKind kind)
    {
        await using RecipeStore recipe = RecipeStore.Open(kind);
        DistributedPriorityQueue one = new(recipe.Store, "p", recipe.Clock);
        DistributedPriorityQueue two = new(recipe.Store, "p", recipe.Clock);
        Task<QueueItem> waits = one.DequeueAsync().AsTask();
        Assert.False(waits.IsCompleted);
        await two.EnqueueAsync("at once", int.MaxValue);
        await Soon.Done(waits);
        await two.EnqueueAsync("5 a", 5);
        await one.EnqueueAsync("5 b", 5);
        await two.EnqueueAsync("5 c", 5);
        await one.EnqueueAsync("-1", -1);
        await one.EnqueueAsync("max", int.MaxValue);
        await two.EnqueueAsync("min", int.MinValue);
        await two.EnqueueAsync("0", 0);
        Assert.Equal(7, await one.CountAsync());
        List<string> order = [];
        while (await one.TryDequeueAsync() is { } item)
            order.Add(Encoding.UTF8.GetString(item.Value.Span));
        Assert.Equal(["min", "-1", "0", "5 a", "5 b", "5 c", "max"], order);
    }

    private static DistributedQueue Queue(RecipeStore recipe) => new(recipe.Store, "q", recipe.Clock);
}
